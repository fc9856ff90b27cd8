import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D). Without the key, encrypted bytes can neither be read nor changed.
package enum AES256GCM {
    private static let keySize = 32
    private static let nonceSize = 12
    private static let tagSize = 16

    /// Encrypts `plain`. Returns a new random nonce, the encrypted bytes and their tag.
    ///
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - context: additional authenticated data. It must be the same for decryption, and is not part of the result.
    package static func seal(
        _ plain: [UInt8], key: SecretKey, context: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        let nonce = RandomBytes.make(nonceSize)
        let cipher = try Cipher(encrypts: true, key, nonce, context)
        let encrypted = try cipher.transform(plain)
        guard cipher.finish() else { throw .failed(call: "EVP_CipherFinal_ex") }
        return nonce + encrypted + (try cipher.tag)
    }

    /// Decrypts what ``seal(_:key:context:)`` returned. Throws ``CryptographyError/notAuthentic`` if it was changed, or encrypted with another key or
    /// context.
    package static func open(
        _ sealed: [UInt8], key: SecretKey, context: [UInt8] = []
    ) throws(CryptographyError) -> [UInt8] {
        guard sealed.count >= nonceSize + tagSize else { throw .notAuthentic }
        let cipher = try Cipher(encrypts: false, key, Array(sealed.prefix(nonceSize)), context)
        let plain = try cipher.transform(Array(sealed.dropFirst(nonceSize).dropLast(tagSize)))
        try cipher.expect(tag: Array(sealed.suffix(tagSize)))
        guard cipher.finish() else { throw .notAuthentic }
        return plain
    }

    /// One run of the cipher.
    private struct Cipher: ~Copyable {
        private let context: OpaquePointer

        init(
            encrypts: Bool, _ key: SecretKey, _ nonce: [UInt8], _ authenticated: [UInt8]
        ) throws(CryptographyError) {
            guard key.count == keySize else { throw .invalidKey }
            let context = try CryptographyError.check(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
            do {
                try key.withBytes { key throws(CryptographyError) in
                    try CryptographyError.check(
                        EVP_CipherInit_ex(
                            context, EVP_aes_256_gcm(), nil, key.bindMemory(to: UInt8.self).baseAddress, nonce,
                            encrypts ? 1 : 0),
                        "EVP_CipherInit_ex")
                }
                if !authenticated.isEmpty {
                    var count: Int32 = 0
                    try CryptographyError.check(
                        EVP_CipherUpdate(context, nil, &count, authenticated, try Self.length(authenticated)),
                        "EVP_CipherUpdate")
                }
            } catch {
                EVP_CIPHER_CTX_free(context)
                throw error
            }
            self.context = context
        }

        // Also overwrites the key.
        deinit { EVP_CIPHER_CTX_free(context) }

        /// Encrypts or decrypts `bytes`. The result has the same length.
        func transform(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
            guard !bytes.isEmpty else { return [] }
            var result = [UInt8](repeating: 0, count: bytes.count)
            var count: Int32 = 0
            try CryptographyError.check(
                EVP_CipherUpdate(context, &result, &count, bytes, try Self.length(bytes)), "EVP_CipherUpdate")
            guard Int(count) == bytes.count else { throw .failed(call: "EVP_CipherUpdate") }
            return result
        }

        /// Returns whether the run succeeded. For decryption: whether the tag is the expected one.
        func finish() -> Bool {
            var rest = [UInt8](repeating: 0, count: 16)
            var count: Int32 = 0
            guard EVP_CipherFinal_ex(context, &rest, &count) == 1, count == 0 else {
                ERR_clear_error()
                return false
            }
            return true
        }

        /// The tag of the encrypted bytes.
        var tag: [UInt8] {
            get throws(CryptographyError) {
                var tag = [UInt8](repeating: 0, count: tagSize)
                try CryptographyError.check(
                    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagSize), &tag), "EVP_CIPHER_CTX_ctrl")
                return tag
            }
        }

        /// Sets the expected tag. The library compares tags in constant time.
        func expect(tag: [UInt8]) throws(CryptographyError) {
            var tag = tag
            try CryptographyError.check(
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), &tag), "EVP_CIPHER_CTX_ctrl")
        }

        private static func length(_ bytes: [UInt8]) throws(CryptographyError) -> Int32 {
            guard let length = Int32(exactly: bytes.count) else { throw .failed(call: "EVP_CipherUpdate") }
            return length
        }
    }
}

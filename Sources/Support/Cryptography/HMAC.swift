import COpenSSL

/// HMAC (RFC 2104) with SHA-256.
package enum HMAC {
    /// The 32 bytes of the code of `message` under `key`, which may have any length.
    ///
    /// It cannot fail but for lack of memory, or in a library that has no SHA-256; then the process ends.
    package static func sha256(_ message: [UInt8], key: SecretKey) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        let isDone = key.withBytes { key in
            COpenSSL.HMAC(EVP_sha256(), key.baseAddress, Int32(key.count), message, message.count, &code, nil) != nil
        }
        guard isDone else { fatalError("OpenSSL computes no HMAC.") }
        return code
    }
}

/// HKDF (RFC 5869) with SHA-256: makes keys from a secret, a different one for each purpose.
package enum HKDF {
    /// - Parameters:
    ///   - secret: has the randomness of a key, but need not look like one.
    ///   - info: what the key is for.
    ///   - count: how many bytes, at most 8,160.
    package static func sha256(_ secret: [UInt8], salt: [UInt8] = [], info: [UInt8], count: Int) -> [UInt8] {
        precondition((0...255 * 32).contains(count))
        let extracted = SecretKey(HMAC.sha256(secret, key: SecretKey(salt)))
        var bytes: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 0
        while bytes.count < count {
            number += 1
            block = HMAC.sha256(block + info + [number], key: extracted)
            bytes += block
        }
        return Array(bytes.prefix(count))
    }
}

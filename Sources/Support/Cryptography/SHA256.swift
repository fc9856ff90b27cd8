import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that arrive in parts.
///
/// It fails only if there is no memory or the library has no SHA-256. Then the process ends.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("OpenSSL cannot compute SHA-256.")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("OpenSSL cannot compute SHA-256.")
        }
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Returns the 32 bytes of the digest.
    package consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { fatalError("OpenSSL cannot compute SHA-256.") }
        return digest
    }

    /// Returns the 32 bytes of the digest of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }
}

/// MD5 (RFC 1321), only for checksums that others require. It is not secure.
package enum MD5 {
    /// Returns the 16 bytes of the digest of `bytes`. Throws ``CryptographyError`` if the machine's configuration forbids MD5.
    package static func hash(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 16)
        try CryptographyError.check(EVP_Digest(bytes, bytes.count, &digest, nil, EVP_md5(), nil), "EVP_Digest")
        return digest
    }
}

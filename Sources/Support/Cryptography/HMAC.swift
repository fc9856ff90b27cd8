import COpenSSL

/// HMAC (RFC 2104) with SHA-256.
package enum HMAC {
    /// Returns the 32 bytes of the HMAC of `message`. `key` may have any length.
    ///
    /// It fails only if there is no memory or the library has no SHA-256. Then the process ends.
    package static func sha256(_ message: [UInt8], key: SecretKey) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        let isDone = key.withBytes { key in
            COpenSSL.HMAC(EVP_sha256(), key.baseAddress, Int32(key.count), message, message.count, &code, nil) != nil
        }
        guard isDone else { fatalError("OpenSSL cannot compute an HMAC.") }
        return code
    }
}

/// HKDF (RFC 5869) with SHA-256: derives keys from a secret, one for each purpose.
package enum HKDF {
    /// Derives a key.
    ///
    /// - Parameters:
    ///   - secret: as random as a key, but of any form.
    ///   - info: the purpose of the key.
    ///   - count: the length in bytes, at most 8,160.
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

import COpenSSL

/// Comparisons that take the same time whatever the bytes are, for secrets.
package enum ConstantTime {
    /// Returns whether both are the same. Only their lengths may be learned from the time that it takes.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

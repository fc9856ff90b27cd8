import Postgres

/// A ULID: the time in milliseconds (48 bits) and 80 random bits, as 26 characters of Crockford's base 32. ULIDs sort by time of creation.
package struct ULID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Creates an id with the time `now`.
    package init(at now: Timestamp = .now()) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: now, using: &generator)
    }

    package init(at now: Timestamp, using generator: inout some RandomNumberGenerator) {
        var digits = [UInt8](repeating: 0, count: 26)
        var time = UInt64(clamping: now.milliseconds)
        for index in (0..<10).reversed() {
            digits[index] = Self.alphabet[Int(time & 31)]
            time >>= 5
        }
        var (high, low) = (
            UInt64.random(in: 0..<(1 << 40), using: &generator), UInt64.random(in: 0..<(1 << 40), using: &generator)
        )
        for index in (0..<8).reversed() {
            digits[10 + index] = Self.alphabet[Int(high & 31)]
            digits[18 + index] = Self.alphabet[Int(low & 31)]
            high >>= 5
            low >>= 5
        }
        description = String(decoding: digits, as: UTF8.self)
    }

    /// Returns whether `text` has the form of a ULID.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 26 && text.utf8.allSatisfy(alphabet.contains)
    }
}

/// Identifies a session: the first half of the hash of its first refresh token. It is not a secret.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
    private static let size = 16

    private let high: UInt64
    private let low: UInt64

    /// - Parameter family: the whole hash, 32 bytes.
    package init?(family: some Collection<UInt8>) {
        guard family.count >= Self.size else { return nil }
        let bytes = Array(family.prefix(Self.size))
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Parses the 32 hexadecimal digits that access tokens contain.
    package init?(_ text: String) {
        guard text.utf8.count == 2 * Self.size, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }),
            let high = UInt64(text.prefix(Self.size), radix: 16), let low = UInt64(text.suffix(Self.size), radix: 16)
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    package var description: String { Self.digits(high) + Self.digits(low) }

    /// The lowest and the highest hash that begin with this id, for a range query on the existing index.
    var hashes: (first: [UInt8], last: [UInt8]) {
        let bytes = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
        let rest = 32 - Self.size
        return (bytes + [UInt8](repeating: 0, count: rest), bytes + [UInt8](repeating: 255, count: rest))
    }

    private static func digits(_ half: UInt64) -> String {
        let digits = String(half, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// Names a session, which is all that came from one login: the first half of its first refresh token's hash. It opens nothing.
package struct SessionID: Hashable, Sendable, CustomStringConvertible {
    private static let size = 16

    private let high: UInt64
    private let low: UInt64

    /// - Parameter family: the whole hash.
    package init?(family: some Collection<UInt8>) {
        guard family.count >= Self.size else { return nil }
        let bytes = Array(family.prefix(Self.size))
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// 32 hexadecimal digits, as access tokens carry it.
    package init?(_ text: String) {
        guard text.utf8.count == 2 * Self.size, text.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }),
            let high = UInt64(text.prefix(Self.size), radix: 16), let low = UInt64(text.suffix(Self.size), radix: 16)
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    package var description: String { Self.digits(high) + Self.digits(low) }

    /// The least and the greatest hash that begin with it: so one is found by the index there is.
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

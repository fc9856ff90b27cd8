import Cryptography

/// An API key as its holder sees it: `tsk_live_` or `tsk_test_`, a public id of 12 characters, a secret of 43 (256 bits) and a checksum of 6.
///
/// The checksum exposes a mistyped or made-up key without a query. The id tells which hash to compare with. Only a key that passes both
/// costs an Argon2 run.
package struct APIKey: Sendable {
    package let id: APIKeyID
    package let mode: KeyMode
    let secret: String

    private static let idLength = 12
    private static let secretLength = 43
    private static let checksumLength = 6

    /// A new random key.
    package init(mode: KeyMode = .live) {
        self.mode = mode
        id = APIKeyID(unchecked: Base62.random(Self.idLength))
        secret = Base62.random(Self.secretLength)
    }

    /// Parses a key. Nil if its form or its checksum is wrong.
    package init?(_ text: String) {
        guard let mode = KeyMode.allCases.first(where: { text.hasPrefix(Self.prefix($0)) }) else { return nil }
        self.mode = mode
        let digits = text.dropFirst(Self.prefix(mode).count)
        guard digits.utf8.count == Self.idLength + Self.secretLength + Self.checksumLength else { return nil }
        guard Base62.isValid(digits) else { return nil }
        id = APIKeyID(unchecked: String(digits.prefix(Self.idLength)))
        secret = String(digits.dropFirst(Self.idLength).prefix(Self.secretLength))
        guard Self.checksum(mode, id: id, secret: secret) == digits.suffix(Self.checksumLength) else { return nil }
    }

    /// The whole key. It is shown once, to the person who gets it, and never stored or logged.
    package var text: String {
        Self.prefix(mode) + id.rawValue + secret + Self.checksum(mode, id: id, secret: secret)
    }

    private static func prefix(_ mode: KeyMode) -> String { "tsk_\(mode.rawValue)_" }

    private static func checksum(_ mode: KeyMode, id: APIKeyID, secret: String) -> String {
        let digest = SHA256.hash(Array((prefix(mode) + id.rawValue + secret).utf8))
        let value = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Base62.encode(value, width: checksumLength)
    }
}

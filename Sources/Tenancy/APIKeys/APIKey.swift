import Crypto

/// An API key as its holder sees it: `tsk_live_` + 12 characters of public id + 43 of secret (256 bits) + 6 of checksum.
///
/// The checksum tells a mistyped or made-up key from a real one without a look into the database, the id tells which hash to
/// compare with: only a key that passes both costs an Argon2 run.
package struct APIKey: Sendable {
    package let id: APIKeyID
    let secret: String

    private static let prefix = "tsk_live_"
    private static let idLength = 12
    private static let secretLength = 43
    private static let checksumLength = 6

    /// A new random key.
    package init() {
        id = APIKeyID(unchecked: Base62.random(Self.idLength))
        secret = Base62.random(Self.secretLength)
    }

    /// The key that `text` spells, or nil when its form or its checksum is wrong.
    package init?(_ text: String) {
        let length = Self.prefix.count + Self.idLength + Self.secretLength + Self.checksumLength
        guard text.utf8.count == length, text.hasPrefix(Self.prefix) else { return nil }
        let digits = text.dropFirst(Self.prefix.count)
        guard Base62.isValid(digits) else { return nil }
        id = APIKeyID(unchecked: String(digits.prefix(Self.idLength)))
        secret = String(digits.dropFirst(Self.idLength).prefix(Self.secretLength))
        guard Self.checksum(id: id, secret: secret) == digits.suffix(Self.checksumLength) else { return nil }
    }

    /// The key in full. Shown once, to whom it is issued; never stored, never logged.
    package var text: String {
        Self.prefix + id.rawValue + secret + Self.checksum(id: id, secret: secret)
    }

    private static func checksum(id: APIKeyID, secret: String) -> String {
        let digest = SHA256.hash(data: Array((prefix + id.rawValue + secret).utf8))
        let value = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Base62.encode(value, width: checksumLength)
    }
}

import Cryptography

/// A refresh token: 256 random bits that only the holder knows. We store their SHA-256.
package struct RefreshToken: Sendable {
    /// 30 days from the login, in seconds. Rotation does not extend it.
    static let lifetimeSeconds: Int64 = 30 * 24 * 3600
    /// How long after a rotation the replaced token still gets the new one, if nobody has used that yet. For clients that sent several requests
    /// at once or lost the answer.
    package static let retryWindow = Duration.seconds(10)

    package let text: String

    init() {
        text = "rt_" + Base62.random(43)
    }

    /// Nil if `text` cannot be one of our tokens, which saves a query.
    package init?(_ text: String) {
        guard text.hasPrefix("rt_"), text.utf8.count == 46, Base62.isValid(text.dropFirst(3)) else { return nil }
        self.text = text
    }

    var hash: [UInt8] { SHA256.hash(Array(text.utf8)) }
}

extension RefreshToken {
    /// Encrypts the token that replaces this one, so that only the holder of this one can read it.
    func seal(_ successor: RefreshToken) throws -> [UInt8] {
        try AES256GCM.seal(Array(successor.text.utf8), key: successorKey)
    }

    /// Decrypts the token that replaced this one. Nil if this token did not encrypt it.
    func open(_ sealed: [UInt8]) -> RefreshToken? {
        guard let plain = try? AES256GCM.open(sealed, key: successorKey) else { return nil }
        return RefreshToken(String(decoding: plain, as: UTF8.self))
    }

    /// The key for the one successor that this token encrypts.
    private var successorKey: SecretKey {
        SecretKey(HKDF.sha256(Array(text.utf8), info: Array("verbatim refresh successor".utf8), count: 32))
    }
}

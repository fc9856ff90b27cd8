import Postgres

/// A new API key, in full: the one moment at which it can be shown.
package struct IssuedKey: Sendable {
    package let id: APIKeyID
    package let text: String
    private let hash: String

    /// Makes a key and hashes its secret, before any transaction is open.
    package static func make(hashedWith argon2: Argon2) async throws -> IssuedKey {
        let key = APIKey()
        return IssuedKey(id: key.id, text: key.text, hash: try await argon2.hash(key.secret))
    }

    /// Stores it for `tenant`. Operators only.
    ///
    /// - Parameter expiresAt: from when on it opens the door no more; nil: never.
    package func store(
        for tenant: TenantID, name: String, expiresAt: Timestamp? = nil, in transaction: PostgresTransaction
    ) throws {
        try APIKeyRecord.create(id, of: tenant, name: name, hash: hash, expiresAt: expiresAt, in: transaction)
    }
}

import Postgres

/// A new API key with its whole text. It cannot be shown later.
package struct IssuedKey: Sendable {
    package let id: APIKeyID
    package let text: String
    package let mode: KeyMode
    private let hash: String

    /// Creates a key and hashes its secret. Hashing is slow, so call this before the transaction begins.
    package static func make(_ mode: KeyMode = .live, hashedWith argon2: Argon2) async throws -> IssuedKey {
        let key = APIKey(mode: mode)
        return IssuedKey(id: key.id, text: key.text, mode: mode, hash: try await argon2.hash(key.secret))
    }

    /// Stores the key for `tenant`.
    ///
    /// - Parameters:
    ///   - rules: what it may do.
    ///   - expiresAt: when the key stops working; nil: never.
    package func store(
        for tenant: TenantID, name: String, rules: KeyRules = KeyRules(), expiresAt: Timestamp? = nil,
        in transaction: PostgresTransaction
    ) throws {
        try APIKeyRecord.create(
            id, mode, of: tenant, name: name, rules: rules, hash: hash, expiresAt: expiresAt, in: transaction)
    }
}

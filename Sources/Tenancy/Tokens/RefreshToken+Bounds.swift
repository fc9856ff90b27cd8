import Postgres

// How much there may be of sessions: of one key, and of the tokens of one. Each step touches few rows, however many there are.
extension RefreshToken {
    /// Live sessions of a key at most. Another login ends the oldest, whose last access token lives out its hour.
    package static let sessionsPerKey = 10_000
    /// Replaced tokens of a session that are kept to notice when one of them is used again; an older one is as good as unknown.
    package static let replacedPerSession = 1_000
    /// Rows that one login or rotation removes at most.
    private static let step = 100

    /// Stores the token as the first of its family, and forgets what its key has too much of, and of what is over.
    func store(for key: APIKeyID, of tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM refresh_tokens WHERE token_hash IN (
                SELECT token_hash FROM refresh_tokens
                WHERE tenant_id = \(tenant) AND key_id = \(key) AND expires_at <= \(now)
                ORDER BY expires_at LIMIT \(Self.step) FOR UPDATE SKIP LOCKED)
            """)
        try endOldest(of: key, of: tenant, in: transaction)
        try transaction.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, created_at, expires_at)
            VALUES (\(tenant), \(key), \(hash), \(hash), \(now), \(now + .seconds(Self.lifetimeSeconds)))
            """)
    }

    /// Makes room for one more session of the key. What else there is of a family whose first token is gone counts no more, and is swept.
    private func endOldest(of key: APIKeyID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let live: PostgresQuery = """
            FROM refresh_tokens
            WHERE tenant_id = \(tenant) AND key_id = \(key) AND token_hash = family AND revoked_at IS NULL
            """
        let (room, most) = (Self.sessionsPerKey - 1, Self.sessionsPerKey + Self.step)
        let count = try transaction.first(
            "SELECT count(*) FROM (SELECT \(live) LIMIT \(most)) live", as: Int.self)
        guard let count, count > room else { return }
        try transaction.execute(
            """
            DELETE FROM refresh_tokens WHERE token_hash IN (
                SELECT token_hash \(live) ORDER BY created_at LIMIT \(count - room) FOR UPDATE SKIP LOCKED)
            """)
    }

    /// Forgets replaced tokens of the session beyond what is kept.
    func forgetOldest(of holder: RefreshTokenHolder, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM refresh_tokens WHERE token_hash IN (
                SELECT token_hash FROM refresh_tokens
                WHERE tenant_id = \(holder.principal.tenant) AND family = \(holder.family) AND token_hash <> family
                    AND rotated_at IS NOT NULL
                ORDER BY created_at DESC OFFSET \(Self.replacedPerSession) LIMIT \(Self.step))
            """)
    }
}

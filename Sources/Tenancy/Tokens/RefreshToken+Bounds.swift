import Postgres

// Limits the number of sessions of a key and of tokens of a session. Each step changes few rows, however many there are.
extension RefreshToken {
    /// How many live sessions a key may have. A further login ends the oldest one, but its last access token stays valid for its hour.
    package static let sessionsPerKey = 10_000
    /// How many replaced tokens of a session are kept, to notice if one is used again. Older ones count as unknown.
    package static let replacedPerSession = 1_000
    /// How many rows one login or rotation deletes at most.
    private static let step = 100

    /// Stores the token as the first of its session (`family` in SQL). Also deletes some of the key's expired tokens, and its oldest session
    /// if it has too many.
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

    /// Makes room for one more session of the key: deletes the first tokens of its oldest sessions. The other tokens of these sessions are then
    /// no longer valid; ``SessionSweep`` deletes them.
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

    /// Deletes the session's oldest replaced tokens beyond ``replacedPerSession``.
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

import Postgres

/// Forgets refresh tokens that count no more: those whose time is over, those whose key has ended, those of sessions that were ended; and
/// successors that nobody may ask for any more. Nothing waits for it: what is still there is refused all the same.
///
/// In short steps, so that a key with a million sessions keeps nobody waiting; several nodes may sweep at once.
package struct SessionSweep: Sendable {
    /// Rows that one step takes.
    package static let batch = 1_000
    /// Steps of a run; what is more is left to the next.
    package static let steps = 100
    /// How long the first row of an ended session stays: nodes ask what ended within the hour, and an upload that was let in before may end later.
    package static let memory = Duration.seconds(24 * 3600)

    /// How long after its key has ended a refresh token may still be there: its lifetime, and a day.
    private static let longestUse = PostgresQuery.interval(.seconds(RefreshToken.lifetimeSeconds + 24 * 3600))
    /// How long a successor is kept: well beyond the time in which it may be asked for again.
    private static let retries = PostgresQuery.interval(RefreshToken.retryWindow * 6)
    private static let remembered = PostgresQuery.interval(memory)

    private let pool: PostgresPool

    /// - Parameter pool: acts as `verbatim_system`.
    package init(pool: PostgresPool) { self.pool = pool }

    /// Answers how many tokens were forgotten.
    @discardableResult
    package func run() async throws -> Int {
        var forgotten = 0
        for removal in Self.removals { forgotten += try await perform(removal) }
        _ = try await perform(
            """
            UPDATE refresh_tokens SET successor = NULL WHERE token_hash IN (
                SELECT token_hash FROM refresh_tokens
                WHERE successor IS NOT NULL AND rotated_at < now() - \(Self.retries)
                LIMIT \(Self.batch) FOR UPDATE SKIP LOCKED)
            """)
        return forgotten
    }

    /// What is removed, a step of each.
    package static let removals = [expired, ofEndedKeys, ofEndedSessions, endedSessions].map { rows in
        "DELETE FROM refresh_tokens WHERE token_hash IN (\(rows))" as PostgresQuery
    }

    private func perform(_ step: PostgresQuery) async throws -> Int {
        var touched = 0
        for _ in 0..<Self.steps {
            let count = try await pool.execute(step)
            touched += count
            if count < Self.batch { break }
        }
        return touched
    }

    private static let expired: PostgresQuery = """
        SELECT token_hash FROM refresh_tokens WHERE expires_at <= now()
        ORDER BY expires_at LIMIT \(batch) FOR UPDATE SKIP LOCKED
        """

    /// Key by key, by the one index that has this order: where there are none of a key's any more, no other is read to find that out. A key
    /// that ended longer ago than any token lives has none left, and is not asked for every minute for ever.
    private static let ofEndedKeys: PostgresQuery = """
        SELECT r.token_hash FROM (
            SELECT tenant_id, id FROM api_keys WHERE revoked_at > now() - \(longestUse)
            UNION ALL
            SELECT tenant_id, id FROM api_keys
            WHERE expires_at > now() - \(longestUse) AND expires_at <= now()) k
        CROSS JOIN LATERAL (
            SELECT token_hash FROM refresh_tokens
            WHERE (tenant_id, key_id, expires_at) > (k.tenant_id, k.id, '-infinity')
                AND (tenant_id, key_id, expires_at) < (k.tenant_id, k.id, 'infinity')
            ORDER BY tenant_id, key_id, expires_at LIMIT \(batch) FOR UPDATE SKIP LOCKED) r
        LIMIT \(batch)
        """

    /// Before their first rows, by which they are found.
    private static let ofEndedSessions: PostgresQuery = """
        SELECT r.token_hash FROM refresh_tokens root CROSS JOIN LATERAL (
            SELECT token_hash FROM refresh_tokens
            WHERE tenant_id = root.tenant_id AND family = root.family AND token_hash <> family
            ORDER BY created_at LIMIT \(batch) FOR UPDATE SKIP LOCKED) r
        WHERE root.token_hash = root.family AND root.revoked_at < now() - \(remembered)
        LIMIT \(batch)
        """

    private static let endedSessions: PostgresQuery = """
        SELECT token_hash FROM refresh_tokens root
        WHERE token_hash = family AND revoked_at < now() - \(remembered) AND NOT EXISTS (
            SELECT FROM refresh_tokens r
            WHERE r.tenant_id = root.tenant_id AND r.family = root.family AND r.token_hash <> r.family)
        LIMIT \(batch) FOR UPDATE SKIP LOCKED
        """
}

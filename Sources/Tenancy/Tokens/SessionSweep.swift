import Postgres

/// Deletes refresh tokens that are no longer valid: expired ones, and those of ended keys and sessions. Also deletes successors that nobody may
/// ask for any more. Nothing depends on it, because such tokens are rejected anyway.
///
/// The steps are short, so that a key with a million sessions makes nobody wait. Several nodes may sweep at the same time.
package struct SessionSweep: Sendable {
    /// How many rows one step changes at most.
    package static let batch = 1_000
    /// How many steps of each kind a run has at most. The next run does the rest.
    package static let steps = 100
    /// How long the first row of an ended session is kept. For an hour nodes still ask for it, and uploads that began before may take longer.
    package static let memory = Duration.seconds(24 * 3600)

    /// How long after the end of its key a refresh token may still exist: its lifetime and a day.
    private static let longestUse = PostgresQuery.interval(.seconds(RefreshToken.lifetimeSeconds + 24 * 3600))
    /// How long a successor is kept: much longer than anybody may ask for it.
    private static let retries = PostgresQuery.interval(RefreshToken.retryWindow * 6)
    private static let remembered = PostgresQuery.interval(memory)

    private let pool: PostgresPool

    /// - Parameter pool: has the role `verbatim_system`.
    package init(pool: PostgresPool) { self.pool = pool }

    /// Returns how many tokens were deleted.
    @discardableResult
    package func run() async throws -> Int {
        var forgotten = 0
        for removal in Self.removals { forgotten += try await perform(removal) }
        _ = try await perform(UsedToken.removal(limit: Self.batch))
        _ = try await perform(
            """
            UPDATE refresh_tokens SET successor = NULL WHERE token_hash IN (
                SELECT token_hash FROM refresh_tokens
                WHERE successor IS NOT NULL AND rotated_at < now() - \(Self.retries)
                LIMIT \(Self.batch) FOR UPDATE SKIP LOCKED)
            """)
        return forgotten
    }

    /// One step of each kind of deletion.
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

    /// Goes key by key, and reads the only index that has this order. So a key without tokens costs no reading of other keys' rows. Keys that
    /// ended longer ago than ``longestUse`` have no tokens left, and are not looked at again.
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

    /// Comes before ``endedSessions``, because these tokens are found by their family's first row.
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

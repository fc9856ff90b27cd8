import Postgres

/// Access tokens that may submit one job. Which of them have done so is stored, in the transaction that queues the job.
package enum UsedToken {
    /// The token has submitted a job already.
    package struct Spent: Error {}

    /// How long a use is remembered: longer than the token may be valid anywhere.
    private static let memory = PostgresQuery.interval(AccessTokens.longestUse)

    static func newID() -> String { ULID().description }

    /// Throws ``Spent`` if the token was used before.
    package static func check(_ token: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let isUsed = try transaction.first(
            "SELECT EXISTS (SELECT FROM used_tokens WHERE tenant_id = \(tenant) AND token = \(token))", as: Bool.self)
        if isUsed == true { throw Spent() }
    }

    /// Records the token's use. If others are doing the same, waits for them. Throws ``Spent`` if it was used before.
    package static func spend(_ token: String, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            INSERT INTO used_tokens (tenant_id, token, expires_at) VALUES (\(tenant), \(token), now() + \(memory))
            ON CONFLICT DO NOTHING
            """)
        guard rows == 1 else { throw Spent() }
    }

    /// Deletes what need not be remembered any more, at most `limit`.
    static func removal(limit: Int) -> PostgresQuery {
        """
        DELETE FROM used_tokens WHERE (tenant_id, token) IN (
            SELECT tenant_id, token FROM used_tokens WHERE expires_at <= now()
            ORDER BY expires_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
        """
    }
}

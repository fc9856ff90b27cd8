import Postgres

/// Tasks that are over. They say how a job went, to operators; a while after it has ended nobody asks any more.
enum FinishedTasks {
    /// How long they stay. Longer than anything that could still wake one: a clean-up goes again when a copy elsewhere is heard of late.
    private static let memory: PostgresQuery = "interval '30 days'"

    /// Removes that many of those whose job has ended and that are old enough, the oldest first. Answers how many it were.
    static func sweep(limit: Int, on pool: PostgresPool) async throws -> Int {
        try await pool.execute(
            """
            DELETE FROM tasks WHERE (tenant_id, id) IN (
                SELECT t.tenant_id, t.id FROM tasks t JOIN jobs j ON j.tenant_id = t.tenant_id AND j.id = t.job_id
                WHERE t.status IN ('done', 'failed', 'cancelled') AND t.created_at < now() - \(memory)
                    AND j.status IN ('completed', 'failed', 'cancelled')
                ORDER BY t.created_at LIMIT \(limit) FOR UPDATE OF t SKIP LOCKED)
            """)
    }
}

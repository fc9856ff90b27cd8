import Postgres
import Tenancy

/// The tasks of a job that has ended, all at once: what its end, its deletion and the time after it change.
///
/// They say how a job went, to operators; a while after it has ended nobody asks any more.
enum JobTasks {
    /// Queues the clean-up of a job that has just ended, and cancels what else is left to do. The caller has locked the job.
    static func end(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // The class of a job's tasks is that of its first.
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, priority)
            SELECT tenant_id, job_id, 'clean', priority FROM tasks
            WHERE tenant_id = \(tenant) AND job_id = \(job) ORDER BY id LIMIT 1
            """)
        try transaction.execute(
            """
            UPDATE tasks SET status = 'cancelled', lease_until = NULL
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND status IN ('ready', 'running') AND kind <> 'clean'
            """)
    }

    /// Has the clean-up go again, or at once: a copy at an engine elsewhere was heard of late.
    static func wakeCleaning(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE tasks SET status = 'ready', run_after = now()
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND kind = 'clean' AND status IN ('ready', 'done')
            """)
    }

    /// Forgets the tasks of a job that is deleted.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // Its clean-up stays for a while: a copy at an engine elsewhere that is heard of late wakes it.
        try transaction.execute(
            """
            DELETE FROM tasks
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND kind <> 'clean'
                AND status IN ('done', 'failed', 'cancelled')
            """)
        // A source that was kept for another try is not needed any more.
        try transaction.execute(
            """
            UPDATE tasks SET run_after = now()
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND kind = 'clean' AND status = 'ready'
            """)
    }

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

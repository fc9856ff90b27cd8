import Billing
import Postgres
import Tenancy

/// What happens to all tasks of a job when it ends, when it is deleted, and later.
///
/// The tasks of an ended job only tell operators how the job went. They are deleted with the end of its clean-up, so that the table stays small.
enum JobTasks {
    /// Queues the *clean* task of a job that has just ended, and cancels its other unfinished tasks. The caller has locked the job.
    static func end(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        // All tasks of a job have the priority of its first one.
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

    /// Runs the clean-up of an ended job again, or at once if it is waiting, because a copy at an external engine became known late.
    static func wakeCleaning(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, priority) VALUES (\(tenant), \(job), 'clean', \(QueuePriority.normal))
            ON CONFLICT (tenant_id, job_id, kind, coalesce(part, -1)) DO UPDATE SET status = 'ready', run_after = now()
            WHERE tasks.status IN ('ready', 'done')
            """)
    }

    /// Deletes the tasks of a deleted job.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM tasks
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND kind <> 'clean'
                AND status IN ('done', 'failed', 'cancelled')
            """)
        // A source that was kept for a retry is not needed any more.
        try transaction.execute(
            """
            UPDATE tasks SET run_after = now()
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND kind = 'clean' AND status = 'ready'
            """)
    }

    /// Deletes at most `limit` tasks that are left of jobs which ended more than a day ago, the oldest first. Returns how many were deleted.
    ///
    /// There are some if a clean-up goes on for days, and from versions that kept them for a month.
    static func sweep(limit: Int, on pool: PostgresPool) async throws -> Int {
        try await pool.execute(
            """
            DELETE FROM tasks WHERE (tenant_id, id) IN (
                SELECT t.tenant_id, t.id FROM tasks t JOIN jobs j ON j.tenant_id = t.tenant_id AND j.id = t.job_id
                WHERE t.status IN ('done', 'failed', 'cancelled') AND t.created_at < now() - interval '1 day'
                    AND j.status IN ('completed', 'failed', 'cancelled') AND j.completed_at < now() - interval '1 day'
                ORDER BY t.created_at LIMIT \(limit) FOR UPDATE OF t SKIP LOCKED)
            """)
    }
}

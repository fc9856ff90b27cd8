import Postgres
import Tenancy

/// What a customer has removed of a job that has ended. Each is said again without a fault.
package enum JobDeletion {
    /// Removes the words. The job's record stays.
    ///
    /// Throws ``NotCompleted``. Answers false when there is no such job.
    package static func removeTranscript(
        of job: JobID, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool {
        try Job.lock(job, of: tenant, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction) else { return false }
        guard found.status == .completed else { throw NotCompleted(job: found) }
        try transaction.execute("DELETE FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute(
            """
            UPDATE jobs SET transcript_deleted_at = now()
            WHERE tenant_id = \(tenant) AND id = \(job) AND transcript_deleted_at IS NULL
            """)
        return true
    }

    /// Removes all but a tombstone: id, account, times, seconds, outcome. Audio that is still there goes with the clean-up.
    ///
    /// Throws ``JobActive``. Answers false when there is no such job.
    package static func remove(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try Job.lock(job, of: tenant, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction) else { return false }
        guard found.status.isFinished else { throw JobActive() }
        try transaction.execute("DELETE FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try WebhookEvent.forget(job, of: tenant, in: transaction)
        try transaction.execute("DELETE FROM idempotency_keys WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute(
            """
            UPDATE jobs
            SET deleted_at = now(), transcript_deleted_at = coalesce(transcript_deleted_at, now()), source_name = NULL,
                source_url = NULL, metadata = '{}', language = NULL, language_confidence = NULL,
                source_kept_until = NULL, webhook_url = NULL, speakers_expected = NULL, language_requested = 'auto',
                source_bytes = NULL, engine = NULL
            WHERE tenant_id = \(tenant) AND id = \(job)
            """)
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
        return true
    }

    /// There are no words to remove yet, or there never will be.
    package struct NotCompleted: Error {
        package let job: Job
    }

    /// A job that runs is cancelled first.
    package struct JobActive: Error {}
}

import Postgres
import Tenancy

// How a job ends: each in the one transaction that also ends its task.
extension ClaimedTask {
    /// Ends the job with `failure`, stops its other tasks and has its audio removed.
    ///
    /// A failed `clean` task ends no job: the outcome stands already.
    package func failJob(_ failure: JobFailure, in transaction: PostgresTransaction) throws {
        try fail(failure.code.rawValue, in: transaction)
        let rows = try transaction.execute(
            """
            UPDATE jobs
            SET status = 'failed', completed_at = now(), status_changed_at = now(), error_code = \(failure.code),
                error_reason = \(failure.reason), error_message = \(failure.message)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status IN ('queued', 'processing')
            """)
        guard rows == 1 else { return }
        try transaction.execute(
            """
            UPDATE tasks SET status = 'cancelled', lease_until = NULL
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND status IN ('ready', 'running')
            """)
        try dropParts(in: transaction)
        try follow(with: .clean, in: transaction)
    }

    /// Ends the job with its transcript and has its audio removed.
    package func completeJob(_ transcript: Transcript, body: [UInt8], in transaction: PostgresTransaction) throws {
        try finish(in: transaction)
        try transaction.execute(
            "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(tenant), \(job), \(body))")
        let rows = try transaction.execute(
            """
            UPDATE jobs
            SET status = 'completed', completed_at = now(), status_changed_at = now(), engine = \(transcript.engine)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            """)
        guard rows == 1 else { throw LeaseLost() }
        try dropParts(in: transaction)
        try follow(with: .clean, in: transaction)
    }

    /// What was heard in the parts is in the transcript, or not needed any more.
    private func dropParts(in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM pieces WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute("DELETE FROM stretches WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}

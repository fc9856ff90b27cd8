import Billing
import Postgres
import Tenancy

/// What a customer can delete of a job that has ended. Repeating a deletion is not an error.
package enum JobDeletion {
    /// Deletes the transcript. The job itself stays.
    ///
    /// - Returns: Whether there was a transcript to delete; nil if there is no such job.
    /// - Throws: ``NotCompleted``.
    package static func removeTranscript(
        of job: JobID, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool? {
        try Job.lock(job, of: tenant, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction) else { return nil }
        guard found.status == .completed else { throw NotCompleted(job: found) }
        try StoredTranscript.remove(of: job, of: tenant, in: transaction)
        return try JobLifecycle.noteTranscriptDeleted(of: job, of: tenant, in: transaction)
    }

    /// Deletes everything but what billing needs: id, account, times, seconds, outcome. The clean-up removes audio that is still stored.
    ///
    /// - Returns: False if there is no such job.
    /// - Throws: ``JobActive``.
    package static func remove(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try Job.lock(job, of: tenant, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction) else { return false }
        guard found.status.isFinished else { throw JobActive() }
        try StoredTranscript.remove(of: job, of: tenant, in: transaction)
        try ProvenanceRecord.remove(of: job, of: tenant, in: transaction)
        try WordOptions.remove(of: job, of: tenant, in: transaction)
        try WebhookEvent.forget(job, of: tenant, in: transaction)
        try IdempotencyKey.forget(job, of: tenant, in: transaction)
        try UsageSums.removeMetadata(of: job, tenant, in: transaction)
        try JobLifecycle.delete(job, of: tenant, in: transaction)
        try JobTasks.forget(job, of: tenant, in: transaction)
        return true
    }

    /// The job has no transcript, because it isn't completed.
    package struct NotCompleted: Error {
        package let job: Job
    }

    /// The job is unfinished; cancel it first.
    package struct JobActive: Error {}
}

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
        try StoredTranscript.remove(of: job, of: tenant, in: transaction)
        try JobLifecycle.noteTranscriptDeleted(of: job, of: tenant, in: transaction)
        return true
    }

    /// Removes all but a tombstone: id, account, times, seconds, outcome. Audio that is still there goes with the clean-up.
    ///
    /// Throws ``JobActive``. Answers false when there is no such job.
    package static func remove(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try Job.lock(job, of: tenant, in: transaction)
        guard let found = try Job.find(job, of: tenant, in: transaction) else { return false }
        guard found.status.isFinished else { throw JobActive() }
        try StoredTranscript.remove(of: job, of: tenant, in: transaction)
        try WebhookEvent.forget(job, of: tenant, in: transaction)
        try IdempotencyKey.forget(job, of: tenant, in: transaction)
        try JobLifecycle.delete(job, of: tenant, in: transaction)
        try JobTasks.forget(job, of: tenant, in: transaction)
        return true
    }

    /// There are no words to remove yet, or there never will be.
    package struct NotCompleted: Error {
        package let job: Job
    }

    /// A job that runs is cancelled first.
    package struct JobActive: Error {}
}

import Billing
import Postgres
import Tenancy

/// The door of the queue: a submission becomes a job and its first task in one transaction, or nothing at all.
package struct Admission: Sendable {
    private let databases: Databases
    private let hint: QueueHint

    package init(databases: Databases, hint: QueueHint) {
        self.databases = databases
        self.hint = hint
    }

    /// Queues a job. When it throws, nothing was queued, and the stored source is the caller's to remove; except with
    /// ``AdmissionError/outcomeUnknown``: then the source must stay where it is.
    package func admit(_ submission: Submission) async throws -> Job {
        let job: Job
        do {
            job = try await databases.app.transaction(of: submission.tenant) { transaction in
                try submission.insert(in: transaction)
                try NewTask(kind: .prepare, job: submission.id, of: submission.tenant)
                    .insert(priority: submission.allowance.queueClass, in: transaction)
                return try Self.found(submission, in: transaction)
            }
        } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
            job = try await look(for: submission)
        }
        hint.send()
        return job
    }

    /// After a connection that broke while COMMIT was under way: the job is there or it is not.
    private func look(for submission: Submission) async throws -> Job {
        do {
            return try await databases.app.transaction(of: submission.tenant) { try Self.found(submission, in: $0) }
        } catch let error as PostgresError {
            throw AdmissionError.outcomeUnknown(error)
        }
    }

    private static func found(_ submission: Submission, in transaction: PostgresTransaction) throws -> Job {
        guard let job = try Job.find(submission.id, of: submission.tenant, in: transaction) else {
            throw AdmissionError.notQueued
        }
        return job
    }
}

package enum AdmissionError: Error {
    /// The job is not there.
    case notQueued
    /// Whether the job is there could not be found out: the database is away.
    case outcomeUnknown(PostgresError)
}

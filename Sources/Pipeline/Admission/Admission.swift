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

    /// Queues a job. When it throws, nothing was queued, and the stored source is the caller's to remove.
    package func admit(_ submission: Submission) async throws -> Job {
        let job = try await databases.app.transaction(of: submission.tenant) { transaction in
            try submission.insert(in: transaction)
            try NewTask(kind: .prepare, job: submission.id, of: submission.tenant)
                .insert(priority: submission.allowance.queueClass, in: transaction)
            return try Job.find(submission.id, of: submission.tenant, in: transaction)
        }
        hint.send()
        guard let job else { throw AdmissionError.jobVanished }
        return job
    }
}

package enum AdmissionError: Error {
    /// The row just written cannot be read: row-level security and the transaction disagree on the tenant.
    case jobVanished
}

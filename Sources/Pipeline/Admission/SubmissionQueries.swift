import Billing
import Postgres
import Tenancy

extension Submission {
    /// Queues the job, with the limits that its tenant has now.
    func insert(_ allowance: Allowance, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try JobLifecycle.queue(
            id, of: tenant, options, maxMilliseconds: allowance.maxDurationSeconds * 1000, url: url?.text,
            name: file?.name, bytes: file?.bytes, estimatedMilliseconds: file?.estimatedMilliseconds,
            channels: file?.channels, path: file?.key.path, at: now, in: transaction)
        let task =
            if let file {
                NewTask(
                    kind: .prepare, job: id, of: tenant, isLong: Preparations.isLong(file.estimatedMilliseconds))
            } else {
                NewTask(kind: .fetch, job: id, of: tenant)
            }
        try task.insert(priority: allowance.queueClass, in: transaction)
    }

    /// Throws ``AdmissionError/accountDeleted``.
    ///
    /// Asked once the job is inserted, which holds the tenant's row: a deletion is either seen here, or comes later and finds the job.
    func requireAccount(in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AdmissionError.accountDeleted }
    }
}

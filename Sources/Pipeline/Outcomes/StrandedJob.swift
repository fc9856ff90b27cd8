import Billing
import Postgres
import Tenancy

/// A queued job of a suspended account. It doesn't start and doesn't end, so it keeps the month of its submission open.
package struct StrandedJob: Sendable, Equatable {
    package let id: JobID
    package let tenant: TenantID

    /// Returns the stranded jobs with a reservation in a month, oldest first. Requires the database's owner.
    package static func all(of month: BillingMonth, in transaction: PostgresTransaction) throws -> [StrandedJob] {
        try transaction.all(
            """
            SELECT j.id, j.tenant_id FROM reservations r
            JOIN jobs j ON j.tenant_id = r.tenant_id AND j.id = r.job_id
            JOIN tenants t ON t.id = r.tenant_id
            WHERE r.month = \(month) AND j.status = 'queued' AND t.status = 'suspended' ORDER BY j.id
            """, as: JobID.self, TenantID.self
        ).map { StrandedJob(id: $0.0, tenant: $0.1) }
    }

    /// Cancels the job, unless the account is no longer suspended or the job no longer queued.
    ///
    /// Use a transaction for each job: the end of a job locks the job and then the month, in the same order everywhere. Requires the
    /// database's owner.
    ///
    /// - Returns: Whether the job was cancelled.
    package func cancel(in transaction: PostgresTransaction) throws -> Bool {
        try Job.lock(id, of: tenant, in: transaction)
        let isStranded = try transaction.first(
            """
            SELECT j.status = 'queued' AND t.status = 'suspended' FROM jobs j JOIN tenants t ON t.id = j.tenant_id
            WHERE j.tenant_id = \(tenant) AND j.id = \(id)
            """, as: Bool.self)
        guard isStranded == true else { return false }
        _ = try Job.cancel(id, of: tenant, in: transaction)
        return true
    }
}

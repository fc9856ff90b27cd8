import Billing
import Postgres
import Tenancy

/// A job that waits for an account that is suspended: it does not start, does not end, and keeps the month of its submission open.
package struct StrandedJob: Sendable, Equatable {
    package let id: JobID
    package let tenant: TenantID

    /// Those that hold something of that month, oldest first. For the owner.
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

    /// Cancels it, unless the account was let in again, or somebody else ended the job. Answers whether. In a transaction of its own: a
    /// job's end locks the month, and whoever else ends a job does so in the same order. For the owner.
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

import Postgres
import Tenancy

/// How far a tenant's month is used, in seconds.
package struct UsageMonth: Sendable, Equatable {
    package let used: Int64
    /// Held by unfinished jobs.
    package let reserved: Int64
    /// Places that were given: one to each job at its admission, one to each growth.
    package let admissions: Int64
    package let isClosed: Bool

    package init(used: Int64, reserved: Int64, admissions: Int64, isClosed: Bool) {
        self.used = used
        self.reserved = reserved
        self.admissions = admissions
        self.isClosed = isClosed
    }

    /// As it is now, nothing when there is no such month yet.
    package static func of(
        _ month: BillingMonth, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> UsageMonth {
        try find("", month, tenant, transaction) ?? UsageMonth(used: 0, reserved: 0, admissions: 0, isClosed: false)
    }

    /// Makes sure that there is such a month.
    static func begin(_ month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "INSERT INTO usage_months (tenant_id, month) VALUES (\(tenant), \(month)) ON CONFLICT DO NOTHING")
    }

    /// As it is until the transaction ends: whoever else wants to change it waits.
    static func lock(
        _ month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> UsageMonth {
        guard let state = try find("FOR NO KEY UPDATE", month, tenant, transaction) else {
            throw ReservationError.noneHeld
        }
        return state
    }

    /// Waits until nobody else is just changing the month, or making it: a row that nobody can see yet cannot be locked, so this makes the
    /// month itself, for which it has to wait until whoever is making it has done so or not.
    package static func wait(
        for month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws {
        try begin(month, of: tenant, in: transaction)
        _ = try find("FOR NO KEY UPDATE", month, tenant, transaction)
    }

    private static func find(
        _ lock: PostgresQuery, _ month: BillingMonth, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> UsageMonth? {
        try transaction.first(
            """
            SELECT used_seconds, reserved_seconds, admissions, closed_at IS NOT NULL FROM usage_months
            WHERE tenant_id = \(tenant) AND month = \(month) \(lock)
            """, as: Int64.self, Int64.self, Int64.self, Bool.self
        ).map { UsageMonth(used: $0.0, reserved: $0.1, admissions: $0.2, isClosed: $0.3) }
    }
}

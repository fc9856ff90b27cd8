import Postgres
import Tenancy

/// How many seconds of a tenant's month are used and reserved.
package struct UsageMonth: Sendable, Equatable {
    package let used: Int64
    /// Seconds that unfinished jobs hold.
    package let reserved: Int64
    /// How many places were given: one to each job at its admission, one to each increase.
    package let admissions: Int64
    package let isClosed: Bool

    package init(used: Int64, reserved: Int64, admissions: Int64, isClosed: Bool) {
        self.used = used
        self.reserved = reserved
        self.admissions = admissions
        self.isClosed = isClosed
    }

    /// Returns the month as it is now; zeros if it has no row yet.
    package static func of(
        _ month: BillingMonth, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> UsageMonth {
        try find("", month, tenant, transaction) ?? UsageMonth(used: 0, reserved: 0, admissions: 0, isClosed: false)
    }

    /// Makes sure that the month has a row.
    static func begin(_ month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "INSERT INTO usage_months (tenant_id, month) VALUES (\(tenant), \(month)) ON CONFLICT DO NOTHING")
    }

    /// Locks the month until the transaction ends, and returns it. Others who want to change it wait. Throws ``ReservationError/noneHeld`` if it
    /// has no row.
    static func lock(
        _ month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> UsageMonth {
        guard let state = try find("FOR NO KEY UPDATE", month, tenant, transaction) else {
            throw ReservationError.noneHeld
        }
        return state
    }

    /// Waits until no other transaction is changing or creating the month.
    ///
    /// Creates the row, because a row that another transaction has not committed yet can't be locked. The insert waits for that transaction.
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

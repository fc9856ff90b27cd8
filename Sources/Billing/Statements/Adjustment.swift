import Postgres
import Tenancy

/// An operator's correction of an open month. A positive amount is owed, a negative one is credited. An adjustment is never changed; a further
/// one corrects it.
package struct Adjustment: Sendable, Equatable {
    package let tenant: TenantID
    package let month: BillingMonth
    package let cents: Int64
    package let reason: String
    package let author: String

    package init(tenant: TenantID, month: BillingMonth, cents: Int64, reason: String, author: String) {
        self.tenant = tenant
        self.month = month
        self.cents = cents
        self.reason = reason
        self.author = author
    }

    /// Writes the adjustment into the ledger. Returns the sum of all adjustments of that month, in cents. Operators only.
    ///
    /// - Throws: ``ReservationError/monthClosed(_:)`` if the month is closed.
    package func record(in transaction: PostgresTransaction) throws -> Int64 {
        try UsageMonth.begin(month, of: tenant, in: transaction)
        guard try !UsageMonth.lock(month, of: tenant, in: transaction).isClosed else {
            throw ReservationError.monthClosed(month)
        }
        try transaction.execute(
            """
            INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
            VALUES (\(tenant), \(month), \(cents), \(reason), \(author))
            """)
        return try transaction.first(
            "SELECT sum(amount_cents)::int8 FROM adjustments WHERE tenant_id = \(tenant) AND month = \(month)",
            as: Int64.self) ?? 0
    }
}

import Postgres
import Tenancy

/// An adjustment in the ledger: what was corrected, why, and by whom.
package struct AdjustmentRecord: Sendable, Equatable {
    package let id: Int64
    package let createdAt: Timestamp
    package let adjustment: Adjustment

    /// Returns the adjustments of one month or of all months, of one account or of all, by account, oldest first. Operators only.
    package static func all(
        of month: BillingMonth?, tenant: TenantID?, in transaction: PostgresTransaction
    ) throws -> [AdjustmentRecord] {
        let monthly: PostgresQuery = month.map { "month = \($0)" } ?? "true"
        let only: PostgresQuery = tenant.map { "tenant_id = \($0)" } ?? "true"
        return try transaction.all(
            """
            SELECT id, created_at, tenant_id, month, amount_cents, reason, author FROM adjustments
            WHERE \(monthly) AND \(only) ORDER BY tenant_id, id
            """, as: Int64.self, Timestamp.self, TenantID.self, BillingMonth.self, Int64.self, String.self, String.self
        ).map {
            AdjustmentRecord(
                id: $0.0, createdAt: $0.1,
                adjustment: Adjustment(tenant: $0.2, month: $0.3, cents: $0.4, reason: $0.5, author: $0.6))
        }
    }
}

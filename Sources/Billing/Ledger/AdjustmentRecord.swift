import Postgres
import Tenancy

/// An adjustment as it stands in the ledger: what was corrected, why, and by whom.
package struct AdjustmentRecord: Sendable, Equatable {
    package let id: Int64
    package let createdAt: Timestamp
    package let adjustment: Adjustment

    /// Those of one month or of all, of one account or of every; account by account, oldest first. Operators only.
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

    /// A row of an export.
    package var row: [ExportColumn] {
        [
            .init("tenant_id", .text(adjustment.tenant.rawValue)),
            .init("period", .text(adjustment.month.rawValue)),
            .init("adjustment", .integer(id)),
            .init("created_at", .text(createdAt.rfc3339)),
            .init("amount_cents", .integer(adjustment.cents)),
            .init("amount", .number(Money.dollars(cents: adjustment.cents))),
            .init("currency", .text(Money.currency)),
            .init("reason", .text(adjustment.reason)),
            .init("author", .text(adjustment.author)),
        ]
    }

    /// The names of the columns, in their order; there also when nothing was adjusted.
    package static let columnNames: [String] = AdjustmentRecord(
        id: 1, createdAt: Timestamp(milliseconds: 0),
        adjustment: Adjustment(
            tenant: TenantID(unchecked: ""), month: BillingMonth(of: Timestamp(milliseconds: 0)), cents: 0, reason: "",
            author: "")
    ).row.map(\.name.description)
}

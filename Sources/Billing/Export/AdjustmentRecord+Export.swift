import Postgres
import Tenancy

extension AdjustmentRecord {
    /// The adjustment as a row of an export.
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

    /// The names of the columns, in order. An export without adjustments has them, too.
    package static let columnNames: [String] = AdjustmentRecord(
        id: 1, createdAt: Timestamp(milliseconds: 0),
        adjustment: Adjustment(
            tenant: TenantID(unchecked: ""), month: BillingMonth(of: Timestamp(milliseconds: 0)), cents: 0, reason: "",
            author: "")
    ).row.map(\.name.description)
}

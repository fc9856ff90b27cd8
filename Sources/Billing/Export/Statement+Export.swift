import Postgres
import Tenancy

extension Statement {
    /// The statement's lines as rows of an export. They contain nothing that can change after the month's end, not even the account's name.
    /// So every export of a closed month has the same bytes.
    package var rows: [[ExportColumn]] { lines.map(row) }

    private func row(_ line: StatementLine) -> [ExportColumn] {
        [
            .init("tenant_id", .text(tenant.rawValue)),
            .init("period", .text(month.rawValue)),
            .init("period_start", .text(month.firstDay)),
            .init("period_end", .text(month.next.firstDay)),
            .init("line", .integer(Int64(line.number))),
            .init("plan", .text(line.plan.rawValue)),
            .init("included_minutes", .integer(line.includedMinutes)),
            .init("used_seconds", .integer(line.usedSeconds)),
            .init("used_minutes", .number(Minutes.text(seconds: line.usedSeconds))),
            .init("overage_seconds", .integer(line.overageSeconds)),
            .init("overage_minutes", .number(Minutes.text(seconds: line.overageSeconds))),
            .init("rate_micros_per_minute", .integer(line.rate)),
            .init("amount_cents", .integer(line.amountCents)),
            .init("adjustments_cents", .integer(line.adjustmentsCents)),
            .init("total_cents", .integer(line.totalCents)),
            .init("amount", .number(Money.dollars(cents: line.amountCents))),
            .init("adjustments", .number(Money.dollars(cents: line.adjustmentsCents))),
            .init("total", .number(Money.dollars(cents: line.totalCents))),
            .init("currency", .text(Money.currency)),
            .init("closed_at", closedAt.map { .text($0.rfc3339) } ?? .none),
        ]
    }

    /// The names of the columns, in order. An export without statements has them, too.
    package static let columnNames: [String] = Statement(
        tenant: TenantID(unchecked: ""), month: BillingMonth(of: Timestamp(milliseconds: 0)), closedAt: nil,
        lines: [
            StatementLine(
                number: 1, plan: .free, includedMinutes: 0, usedSeconds: 0, overageSeconds: 0, rate: nil,
                amountCents: 0, adjustmentsCents: 0)
        ]
    ).rows[0].map(\.name.description)
}

extension BillingMonth {
    /// `2026-11-01`.
    fileprivate var firstDay: String { rawValue + "-01" }
}

import Postgres
import Tenancy

extension LedgerEntry {
    /// The record as a row of a detail export. It has seconds and a rate, but no amount: only the statement rounds.
    package func row(of month: BillingMonth, overageSeconds: Int64) -> [ExportColumn] {
        [
            .init("tenant_id", .text(tenant.rawValue)),
            .init("job_id", .text(job)),
            .init("period", .text(month.rawValue)),
            .init("admission", .integer(admission)),
            .init("submitted_at", .text(admittedAt.rfc3339)),
            .init("completed_at", .text(settledAt.rfc3339)),
            .init("seconds", .integer(seconds)),
            .init("plan", .text(plan.rawValue)),
            .init("included_seconds", .integer(includedSeconds)),
            .init("rate_micros_per_minute", .integer(rate)),
            .init("accept_overage", .flag(acceptsOverage)),
            .init("overage_seconds", .integer(overageSeconds)),
        ]
    }

    /// Who submitted the job. These columns come last, behind those of the metadata, so that the others keep their places.
    package var keyColumns: [ExportColumn] {
        [.init("key_id", .text(optional: submitter?.rawValue)), .init("key_name", .text(optional: keyName))]
    }

    /// The names of the columns, in order. An export without records has them, too.
    package static let columnNames: [String] = empty.row(
        of: BillingMonth(of: Timestamp(milliseconds: 0)), overageSeconds: 0
    ).map(\.name.description)
    package static let keyColumnNames: [String] = empty.keyColumns.map(\.name.description)

    private static let empty = LedgerEntry(
        tenant: TenantID(unchecked: ""), admission: 1, job: "", seconds: 0, plan: .free, includedSeconds: 0,
        acceptsOverage: false, rate: nil, admittedAt: Timestamp(milliseconds: 0), settledAt: Timestamp(milliseconds: 0)
    )
}

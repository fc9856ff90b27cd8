import ArgumentParser
import Billing
import Postgres
import Tenancy

struct UsageAdjustments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adjustments", abstract: "List corrections: how much, why, and by whom.",
        discussion: """
            Account by account, oldest first. For programs, 'usage export --adjustments' writes them as CSV.

            Example:
              verbatim-admin usage adjustments --period 2026-11
            """)

    @Option(help: "The UTC calendar month, as YYYY-MM. Default: every month.")
    var period: BillingMonth?
    @Option(help: "The account's id. Default: every account.")
    var tenant: TenantID?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (period, tenant) = (period, tenant)
            let records = try await operation.reading { transaction in
                if let tenant { _ = try Tenant.required(tenant, in: transaction) }
                return try AdjustmentRecord.all(of: period, tenant: tenant, in: transaction)
            }
            print(output.json ? ExportJSON.array(records.map(\.row)) : Self.text(records))
        }
    }

    static func text(_ records: [AdjustmentRecord]) -> String {
        Table(
            headings: ["ADJUSTED", "PERIOD", "AT", "AMOUNT USD", "AUTHOR", "REASON"],
            rows: records.map { record in
                let adjustment = record.adjustment
                return [
                    adjustment.tenant.rawValue, adjustment.month.rawValue, record.createdAt.rfc3339,
                    Money.dollars(cents: adjustment.cents), adjustment.author, adjustment.reason,
                ]
            }
        ).text
    }
}

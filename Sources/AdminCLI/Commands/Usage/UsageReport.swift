import ArgumentParser
import Billing
import Postgres
import Tenancy

struct UsageReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show the statements of a month: what was included, used and is owed.",
        discussion: """
            For an open month, it shows what would be owed if the month were closed now. The adjustments follow, each with its reason \
            and author. The statements of a deleted account still show its name.

            Example:
              verbatim-admin usage report --period 2026-11
            """)

    @OptionGroup var usage: UsageOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let usage = usage
            let (statements, names, adjustments) = try await operation.reading { transaction in
                try usage.check(in: transaction)
                return (
                    try Statement.all(of: usage.period, tenant: usage.tenant, in: transaction),
                    try StatementName.all(in: transaction),
                    try AdjustmentRecord.all(of: usage.period, tenant: usage.tenant, in: transaction)
                )
            }
            guard output.json else {
                let table = Self.text(statements, names: names)
                return print(adjustments.isEmpty ? table : table + "\n\n" + UsageAdjustments.text(adjustments))
            }
            print(
                ExportJSON.statements(
                    statements, names: names, adjustments: Dictionary(grouping: adjustments, by: \.adjustment.tenant)))
        }
    }

    private static func text(_ statements: [Statement], names: [TenantID: String]) -> String {
        var table = Table(headings: [
            "TENANT", "NAME", "PLAN", "INCLUDED MIN", "USED MIN", "OVERAGE MIN", "USD/MIN", "AMOUNT", "ADJUSTMENTS",
            "TOTAL USD", "STATE",
        ])
        for statement in statements {
            for line in statement.lines {
                // What concerns the whole month stands on its first line alone.
                let isFirst = line.number == 1
                table.rows.append([
                    statement.tenant.rawValue, names[statement.tenant] ?? "", line.plan.rawValue,
                    isFirst ? "\(line.includedMinutes)" : "", isFirst ? Minutes.text(seconds: line.usedSeconds) : "",
                    Minutes.text(seconds: line.overageSeconds), line.rate.map(Money.dollars(micros:)) ?? "-",
                    Money.dollars(cents: line.amountCents),
                    isFirst ? Money.dollars(cents: line.adjustmentsCents) : "", Money.dollars(cents: line.totalCents),
                    statement.closedAt == nil ? "open" : "closed",
                ])
            }
        }
        func sum(_ value: (Statement) -> Int64) -> Int64 { statements.reduce(0) { $0 + value($1) } }
        table.rows.append([
            "TOTAL", "", "", "\(sum(\.includedMinutes))", Minutes.text(seconds: sum(\.usedSeconds)),
            Minutes.text(seconds: sum(\.overageSeconds)), "", Money.dollars(cents: sum(\.amountCents)),
            Money.dollars(cents: sum(\.adjustmentsCents)), Money.dollars(cents: sum(\.totalCents)), "",
        ])
        return table.text
    }
}

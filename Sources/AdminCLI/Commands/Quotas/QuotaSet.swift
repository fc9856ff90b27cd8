import ArgumentParser
import Billing
import Postgres
import Tenancy

struct QuotaSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Give an account limits of its own, in place of its plan's.",
        discussion: """
            Limits that are not named stay as they are. The new ones apply to jobs that are submitted from now on.

            Example:
              verbatim-admin quota set --tenant ten_01J… --monthly-minutes 3000 --overage on
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var limits: LimitOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if limits.overrides.isEmpty, !limits.endsCap {
            let options = QuotaOverrides.Field.allCases.map { "--" + $0.option }.joined(separator: ", ")
            throw ValidationError("Name at least one limit: \(options).")
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, overrides, operatorName) = (tenant, limits.overrides, change.operatorName)
            let endsCap = limits.endsCap
            let row = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                let before = try QuotaOverrides.of(tenant, in: transaction).audited
                try overrides.set(for: tenant, in: transaction)
                if endsCap { try QuotaOverrides.clear([.overageCap], of: tenant, in: transaction) }
                var details = overrides.audited.filter { before[$0.key] != $0.value }
                let cap = QuotaOverrides.Field.overageCap.column
                if endsCap, before[cap] != nil { details[cap] = "none" }
                // Repeating a change records nothing.
                if !details.isEmpty {
                    try AuditEntry(operator: operatorName, action: "quota set", tenant: tenant, details: details)
                        .record(in: transaction)
                }
                return try QuotaRow.load(of: tenant, in: transaction)
            }
            try Output.show(row, json: output.json, text: row.text + note(row))
        }
    }

    /// Returns what an operator might not expect.
    private func note(_ row: QuotaRow) -> String {
        guard limits.overrides.switches[.overage] == true, row.effectiveLimits.overageRate == nil else { return "" }
        return
            "\n\nThe plan \(row.effectiveLimits.plan.rawValue) sells no overage: this takes effect only on another plan."
    }
}

extension QuotaOverrides {
    /// As the audit log keeps them.
    var audited: [String: String] {
        Dictionary(uniqueKeysWithValues: values.map { ($0.key.column, $0.value) })
    }
}

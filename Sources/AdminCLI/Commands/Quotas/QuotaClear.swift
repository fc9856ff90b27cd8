import ArgumentParser
import Billing
import Postgres
import Tenancy

struct QuotaClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear",
        abstract: "Remove the account's own limits, all or the named ones; the plan's apply again.",
        discussion: """
            The audit log keeps what the account's own limits were.

            Example:
              verbatim-admin quota clear --tenant ten_01J… --only monthly-minutes concurrency
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(parsing: .upToNextOption, help: "Only these limits, named as the options of `quota set` are.")
    var only: [QuotaOverrides.Field] = []
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, operatorName) = (tenant, change.operatorName)
            let fields = Set(only.isEmpty ? QuotaOverrides.Field.allCases : only)
            let row = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                let cleared = try QuotaOverrides.of(tenant, in: transaction).values.filter { fields.contains($0.key) }
                if !cleared.isEmpty {
                    try QuotaOverrides.clear(fields, of: tenant, in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "quota clear", tenant: tenant,
                        details: Dictionary(uniqueKeysWithValues: cleared.map { ($0.key.column, $0.value) })
                    ).record(in: transaction)
                }
                return try QuotaRow.load(of: tenant, in: transaction)
            }
            try Output.show(row, json: output.json, text: row.text)
        }
    }
}

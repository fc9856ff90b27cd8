import ArgumentParser
import Billing
import Postgres
import Tenancy

struct QuotaSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Give an account limits of its own, in place of its plan's.",
        discussion: """
            Limits that are not named stay as they are. They hold for jobs that are submitted from now on.

            Example:
              verbatim-admin quota set --tenant ten_01J… --monthly-minutes 3000 --overage on
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "Minutes included in a month.")
    var monthlyMinutes: Int64?
    @Option(help: "The largest file, in bytes.")
    var maxFileBytes: Int64?
    @Option(help: "The longest recording, in seconds.")
    var maxDurationSeconds: Int64?
    @Option(help: "Jobs at once.")
    var concurrency: Int64?
    @Option(help: "Whether minutes beyond the month's are sold to those who accept that: on or off.")
    var overage: Switch?
    @Option(help: "Whether jobs over the concurrency wait (on) or are refused (off).")
    var queueing: Switch?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if overrides.isEmpty {
            let options = QuotaOverrides.Field.allCases.map { "--" + $0.option }.joined(separator: ", ")
            throw ValidationError("Name at least one limit: \(options).")
        }
        try check(monthlyMinutes, .monthlyMinutes)
        try check(maxFileBytes, .maxFileBytes)
        try check(maxDurationSeconds, .maxDurationSeconds)
        try check(concurrency, .concurrency)
    }

    private func check(_ value: Int64?, _ field: QuotaOverrides.Field) throws {
        guard let value, let bounds = field.bounds, !bounds.contains(value) else { return }
        throw ValidationError("--\(field.option) must be from \(bounds.lowerBound) to \(bounds.upperBound).")
    }

    private var overrides: QuotaOverrides {
        var overrides = QuotaOverrides()
        overrides.monthlyMinutes = monthlyMinutes
        overrides.maxFileBytes = maxFileBytes
        overrides.maxDurationSeconds = maxDurationSeconds
        overrides.concurrency = concurrency
        overrides.isOverageEnabled = overage?.isOn
        overrides.isQueueingEnabled = queueing?.isOn
        return overrides
    }

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, overrides, operatorName) = (tenant, overrides, change.operatorName)
            let row = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                try overrides.set(for: tenant, in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "quota set", tenant: tenant, details: overrides.audited
                ).record(in: transaction)
                return try QuotaRow.load(of: tenant, in: transaction)
            }
            try Output.show(row, json: output.json, text: row.text + note(row))
        }
    }

    /// What an operator might not expect.
    private func note(_ row: QuotaRow) -> String {
        guard overage == .on, row.overage_micros_per_minute == nil else { return "" }
        return "\n\nThe plan \(row.plan) sells no overage: that takes effect on another plan only."
    }
}

extension QuotaOverrides {
    /// As the audit log keeps them.
    var audited: [String: String] {
        Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
    }
}

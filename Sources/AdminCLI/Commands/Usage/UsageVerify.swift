import ArgumentParser
import Billing
import Postgres
import Tenancy

struct UsageVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a month: recompute it from jobs and records, and compare.",
        discussion: """
            Exit status 0 if jobs, ledger and statements agree, else 1, with one difference a line.

            Example:
              verbatim-admin usage verify --period 2026-11
            """)

    @OptionGroup var usage: UsageOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let tenant_id, what, expected, found: String
    }

    func run() async throws {
        try await Operation.run { operation in
            let usage = usage
            let differences = try await operation.reading { transaction in
                try usage.check(in: transaction)
                try usage.month.requireAnyAccount(in: transaction)
                return try LedgerCheck.run(usage.period, tenant: usage.tenant, in: transaction)
            }
            try Output.show(
                differences.map {
                    Row(tenant_id: $0.tenant.rawValue, what: $0.what, expected: $0.expected, found: $0.found)
                },
                json: output.json,
                text: differences.isEmpty
                    ? "Jobs, ledger and statements of \(usage.period) agree."
                    : differences.map(\.description).joined(separator: "\n"))
            if !differences.isEmpty { throw ExitCode.failure }
        }
    }
}

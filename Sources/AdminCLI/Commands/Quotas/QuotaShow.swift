import ArgumentParser
import Postgres
import Tenancy

struct QuotaShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an account's limits, who set them, and this month's usage.",
        discussion: """
            Example:
              verbatim-admin quota show --tenant ten_01J… --json
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let tenant = tenant
            let row = try await operation.pool.transaction { try QuotaRow.load(of: tenant, in: $0) }
            try Output.show(row, json: output.json, text: row.text)
        }
    }
}

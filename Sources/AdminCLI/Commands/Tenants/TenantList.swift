import ArgumentParser
import Postgres
import Tenancy

struct TenantList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the accounts, oldest first.",
        discussion: """
            Example:
              verbatim-admin tenant list --json
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let rows = try await operation.pool.transaction { try Tenant.all(in: $0) }.map(TenantRow.init)
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["TENANT", "NAME", "PLAN", "STATUS", "CREATED"],
                    rows: rows.map { [$0.tenant_id, $0.name, $0.plan, $0.status, $0.created_at] }
                ).text)
        }
    }
}

/// A tenant as `--json` shows it.
struct TenantRow: Encodable {
    let tenant_id, name, plan, status, created_at: String

    init(_ tenant: Tenant) {
        tenant_id = tenant.id.rawValue
        name = tenant.name
        plan = tenant.plan.rawValue
        status = tenant.status.rawValue
        created_at = tenant.createdAt.rfc3339
    }
}

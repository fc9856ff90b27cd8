import ArgumentParser
import Postgres
import Tenancy

struct KeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an account's API keys, oldest first.",
        discussion: """
            Example:
              verbatim-admin key list --tenant ten_01J…
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let key_id, name, created_at: String
        let last_used_at, revoked_at: String?
    }

    func run() async throws {
        try await Operation.run { operation in
            let tenant = tenant
            let rows = try await operation.pool.transaction { try APIKeyRecord.all(of: tenant, in: $0) }.map {
                Row(
                    key_id: $0.id.rawValue, name: $0.name, created_at: $0.createdAt.rfc3339,
                    last_used_at: $0.lastUsedAt?.rfc3339, revoked_at: $0.revokedAt?.rfc3339)
            }
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["KEY", "NAME", "CREATED", "LAST USED", "REVOKED"],
                    rows: rows.map {
                        [$0.key_id, $0.name, $0.created_at, $0.last_used_at ?? "-", $0.revoked_at ?? "-"]
                    }
                ).text)
        }
    }
}

import Addresses
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

    func run() async throws {
        try await Operation.run { operation in
            let tenant = tenant
            let rows = try await operation.pool.transaction { transaction in
                _ = try Tenant.required(tenant, in: transaction)
                return try APIKeyRecord.all(of: tenant, in: transaction)
            }.map { KeyRow($0) }
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: [
                        "KEY", "MODE", "NAME", "STATE", "CREATED", "LAST USED", "EXPIRES", "REPLACED BY", "MINUTES",
                        "ADDRESSES", "SCOPES",
                    ],
                    rows: rows.map {
                        [
                            $0.key_id, $0.mode, $0.name, $0.state, $0.created_at, $0.last_used_at ?? "-",
                            $0.expires_at ?? "-",
                            $0.replaced_by ?? "-", $0.monthly_minutes.map { "\($0)" } ?? "-",
                            $0.allowed_addresses.isEmpty ? "any" : $0.allowed_addresses.joined(separator: " "),
                            $0.scopesText,
                        ]
                    }
                ).text)
        }
    }
}

/// A key as `--json` shows it.
struct KeyRow: Encodable {
    let key_id, mode, name, state, created_at: String
    let scopes: [String]
    let monthly_minutes: Int64?
    let allowed_addresses: [String]
    let last_used_at, expires_at, revoked_at, replaced_by: String?

    init(_ key: APIKeyRecord, at now: Timestamp = .now()) {
        key_id = key.id.rawValue
        mode = key.mode.rawValue
        name = key.name
        scopes = key.rules.scopes.names
        monthly_minutes = key.rules.monthlyMinutes
        allowed_addresses = key.rules.allowedAddresses?.map(\.description) ?? []
        state = key.state(at: now).rawValue
        created_at = key.createdAt.rfc3339
        last_used_at = key.lastUsedAt?.rfc3339
        expires_at = key.expiresAt?.rfc3339
        revoked_at = key.revokedAt?.rfc3339
        replaced_by = key.replacedBy?.rawValue
    }

    var scopesText: String {
        switch scopes {
        case Set<Scope>.all.names: "all"
        case Set<Scope>.standard.names: "all but keys:write"
        default: scopes.joined(separator: " ")
        }
    }
}

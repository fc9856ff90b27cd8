import ArgumentParser
import Postgres
import Tenancy

struct KeyIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue an API key. It is shown this once and never again.",
        discussion: """
            Example:
              verbatim-admin key issue --tenant ten_01J… --name production --expires 365d
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "What the key is for, 1 to 200 characters.")
    var name: String
    @OptionGroup var expiry: ExpiryOption
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try plainName()
    }

    private struct Answer: Encodable {
        let key_id, api_key, tenant_id, name: String
        let expires_at: String?
    }

    private func plainName() throws -> String { try PlainName.of(name, option: "--name", longest: 200) }

    func run() async throws {
        try await Operation.run { operation in
            let key = try await IssuedKey.make(hashedWith: Argon2(threads: 1))
            let (tenant, name, operatorName, end) = (
                tenant, try plainName(), change.operatorName, expiry.moment
            )
            try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                try key.store(for: tenant, name: name, expiresAt: end, in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "key issue", tenant: tenant, target: key.id.rawValue,
                    details: end.map { ["expires_at": $0.rfc3339] } ?? [:]
                ).record(in: transaction)
            }
            try Output.show(
                Answer(
                    key_id: key.id.rawValue, api_key: key.text, tenant_id: tenant.rawValue, name: name,
                    expires_at: end?.rfc3339),
                json: output.json,
                text: "\(key.text)\n\nThe key is not shown again; hand it over safely. Its public id is \(key.id)."
                    + (end.map { " It expires on \($0)." } ?? ""))
        }
    }
}

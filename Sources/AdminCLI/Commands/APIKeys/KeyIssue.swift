import Addresses
import ArgumentParser
import Postgres
import Tenancy

struct KeyIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue an API key. It is shown this once and never again.",
        discussion: """
            Example:
              verbatim-admin key issue --tenant ten_01J… --name production --expires 365d
              verbatim-admin key issue --tenant ten_01J… --name reports --scope usage:read --scope jobs:read
              verbatim-admin key issue --tenant ten_01J… --name trial --monthly-minutes 600
              verbatim-admin key issue --tenant ten_01J… --name server --allow 192.0.2.0/24
              verbatim-admin key issue --tenant ten_01J… --name ci --test
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "What the key is for, 1 to 200 characters.")
    var name: String
    @Option(
        name: .customLong("scope"),
        help: "What the key may do; repeat it for more. Default: everything but keys:write, which is to manage keys.")
    var scopes: [Scope] = []
    @Option(help: "How many minutes of a month its jobs may use. Default: only the account's limits apply.")
    var monthlyMinutes: Int64?
    @Option(
        name: .customLong("allow"),
        help: "An address or a block from which the key may be used; repeat it for more. Default: any.")
    var allowedAddresses: [CIDR] = []
    @Flag(help: "A test key: its jobs are simulated and cost nothing.")
    var test = false
    @OptionGroup var expiry: ExpiryOption
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try plainName()
        if let monthlyMinutes, !KeyRules.minutes.contains(monthlyMinutes) {
            throw ValidationError("--monthly-minutes must be from 0 to \(KeyRules.minutes.upperBound).")
        }
        if allowedAddresses.count > KeyRules.mostAddresses {
            throw ValidationError("A key can have \(KeyRules.mostAddresses) blocks of addresses.")
        }
    }

    private struct Answer: Encodable {
        let key_id, api_key, tenant_id, name, mode: String
        let scopes: [String]
        let monthly_minutes: Int64?
        let allowed_addresses: [String]
        let expires_at: String?
    }

    private func plainName() throws -> String { try PlainName.of(name, option: "--name", longest: 200) }

    func run() async throws {
        try await Operation.run { operation in
            let key = try await IssuedKey.make(test ? .test : .live, hashedWith: Argon2(threads: 1))
            let (tenant, name, operatorName, end) = (
                tenant, try plainName(), change.operatorName, expiry.moment
            )
            let rules = KeyRules(
                scopes: scopes.isEmpty ? .standard : Set(scopes), monthlyMinutes: monthlyMinutes,
                allowedAddresses: allowedAddresses.isEmpty ? nil : allowedAddresses)
            try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                try key.store(for: tenant, name: name, rules: rules, expiresAt: end, in: transaction)
                var details = rules.audited()
                details["mode"] = key.mode.rawValue
                details["expires_at"] = end?.rfc3339
                try AuditEntry(
                    operator: operatorName, action: "key issue", tenant: tenant, target: key.id.rawValue,
                    details: details
                ).record(in: transaction)
            }
            try Output.show(
                Answer(
                    key_id: key.id.rawValue, api_key: key.text, tenant_id: tenant.rawValue, name: name,
                    mode: key.mode.rawValue,
                    scopes: rules.scopes.names, monthly_minutes: rules.monthlyMinutes,
                    allowed_addresses: rules.allowedAddresses?.map(\.description) ?? [], expires_at: end?.rfc3339),
                json: output.json,
                text: "\(key.text)\n\nThe key is not shown again; hand it over safely. Its public id is \(key.id)."
                    + (end.map { " It expires on \($0)." } ?? ""))
        }
    }
}

extension Scope: ExpressibleByArgument {}

extension CIDR: ExpressibleByArgument {
    public init?(argument: String) {
        guard let block = try? CIDR(argument) else { return nil }
        self = block
    }

    public var defaultValueDescription: String { description }
}

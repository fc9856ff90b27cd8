import ArgumentParser
import Postgres
import Tenancy

struct WebhookSecretShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an account's webhook secrets. This is recorded in the audit log.",
        discussion: """
            Needs VERBATIM_MASTER_KEY.

            Example:
              verbatim-admin webhook-secret show --tenant ten_01J…
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let secret: String
        let next_secret, next_from: String?
    }

    func run() async throws {
        try await Operation.run { operation in
            let masterKey = try OperatorMasterKey.current()
            let (tenant, operatorName) = (tenant, change.operatorName)
            let secrets = try await operation.pool.transaction { transaction in
                _ = try Tenant.required(tenant, in: transaction)
                guard
                    let secrets = try WebhookSecrets.find(
                        of: tenant, masterKey: masterKey, at: .now(), in: transaction)
                else { throw OperatorError("there is no secret yet; see: verbatim-admin webhook-secret create") }
                try AuditEntry(operator: operatorName, action: "webhook-secret show", tenant: tenant)
                    .record(in: transaction)
                return secrets
            }
            var lines = [secrets.current.text]
            if let next = secrets.next, let from = secrets.nextFrom {
                lines.append("\(next.text) from \(from.rfc3339)")
            }
            try Output.show(
                Answer(
                    secret: secrets.current.text, next_secret: secrets.next?.text,
                    next_from: secrets.nextFrom?.rfc3339),
                json: output.json, text: lines.joined(separator: "\n"))
        }
    }
}

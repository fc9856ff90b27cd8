import ArgumentParser
import Postgres
import Tenancy

struct WebhookSecretCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Show an account's webhook secret; create it if there is none.",
        discussion: """
            Needs VERBATIM_MASTER_KEY. During a rotation, it shows the new secret.

            Example:
              verbatim-admin webhook-secret create --tenant ten_01J…
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let masterKey = try OperatorMasterKey.current()
            let (tenant, operatorName) = (tenant, change.operatorName)
            let secrets = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                let old = try WebhookSecrets.find(of: tenant, masterKey: masterKey, at: .now(), in: transaction)
                let secrets = try WebhookSecrets.findOrCreate(
                    of: tenant, masterKey: masterKey, at: .now(), in: transaction)
                // An existing secret is only shown.
                let action = old == nil ? "webhook-secret create" : "webhook-secret show"
                try AuditEntry(operator: operatorName, action: action, tenant: tenant).record(in: transaction)
                return secrets
            }
            try Output.show(
                WebhookSecretAnswer(secret: secrets.newest.text), json: output.json, text: secrets.newest.text)
        }
    }
}

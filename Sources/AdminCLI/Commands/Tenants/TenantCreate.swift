import ArgumentParser
import Billing
import Foundation
import Postgres
import Tenancy

struct TenantCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create an account.",
        discussion: """
            If VERBATIM_MASTER_KEY is set, the account also gets the secret that signs its webhooks. Otherwise, create it later with \
            webhook-secret create.

            Example:
              verbatim-admin tenant create --name "Example Ltd" --plan pro
            """)

    @Option(help: "The customer's name, 1 to 200 characters.")
    var name: String
    @Option(help: "The plan: free, pro, business, or another one of `plan list`.")
    var plan: PlanName
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try plainName()
    }

    private func plainName() throws -> String { try PlainName.of(name, option: "--name", longest: 200) }

    func run() async throws {
        try await Operation.run { operation in
            let (name, plan, operatorName) = (try plainName(), plan, change.operatorName)
            let masterKey = try OperatorMasterKey.currentIfSet()
            let tenant = try await operation.pool.transaction { transaction in
                try Plan.requiredForSale(plan, in: transaction)
                let tenant = try Tenant.create(name: name, plan: plan, in: transaction)
                if let masterKey {
                    _ = try WebhookSecrets.findOrCreate(
                        of: tenant.id, masterKey: masterKey, at: .now(), in: transaction)
                }
                try AuditEntry(operator: operatorName, action: "tenant create", tenant: tenant.id).record(
                    in: transaction)
                return tenant
            }
            if masterKey == nil { Self.warn() }
            try Output.show(
                TenantRow(tenant), json: output.json,
                text: """
                    Created \(tenant.id) (\(tenant.name), \(tenant.plan.rawValue)).
                    Next: an owner for the dashboard with member invite --tenant \(tenant.id) --email … --role owner, or a key for programs \
                    with key issue --tenant \(tenant.id) --name ….
                    """)
        }
    }

    private static func warn() {
        let text = "VERBATIM_MASTER_KEY is not set: the account has no webhook secret yet"
        FileHandle.standardError.write(Data("verbatim-admin: \(text); create it with webhook-secret create\n".utf8))
    }
}

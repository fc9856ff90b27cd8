import ArgumentParser
import Postgres
import Tenancy

struct WebhookSecretRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Rotate an account's webhook secret; the old one keeps signing for a while.",
        discussion: """
            Needs VERBATIM_MASTER_KEY. During the grace period, X-Transcription-Signature is made with the old secret, \
            X-Transcription-Signature-Next with the new one, and webhook-signature carries both. Then the new one takes over by \
            itself. Rotating again within the grace period replaces the new one.

            With a grace period of 0s, the old one signs nothing more; the command asks first.

            Example:
              verbatim-admin webhook-secret rotate --tenant ten_01J… --grace 72h
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "How long the old one keeps signing.")
    var grace = TimeSpan(hours: 24)
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let masterKey = try OperatorMasterKey.current()
            let (tenant, grace, graceText, operatorName) = (tenant, grace.duration, grace.text, change.operatorName)
            if grace == .zero { try await confirmEnd(operation) }
            let secrets = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                let secrets = try WebhookSecrets.rotate(
                    of: tenant, grace: grace, masterKey: masterKey, at: .now(), in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "webhook-secret rotate", tenant: tenant,
                    details: ["grace": graceText]
                )
                .record(in: transaction)
                return secrets
            }
            let until =
                secrets.nextFrom.map { "The old one also signs until \($0.rfc3339)." } ?? "It signs from now on."
            try Output.show(
                WebhookSecretAnswer(secret: secrets.newest.text), json: output.json,
                text: "\(secrets.newest.text)\n\n\(until)")
        }
    }

    /// Asks first: whoever verifies with the old secret rejects what comes next.
    private func confirmEnd(_ operation: Operation) async throws {
        let tenant = tenant
        let account = try await operation.pool.transaction { try Tenant.requiredForChange(tenant, in: $0) }
        try confirmation.confirm(
            "Rotate the secret of \(tenant) (\(account.name)) without a grace period? Whoever verifies with the old one rejects the next webhook."
        )
    }
}

import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct WebhookTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a signed webhook.test event to an account's default endpoint, once, from this machine.",
        discussion: """
            Needs VERBATIM_MASTER_KEY; respects VERBATIM_EGRESS_ALLOW. Exit status 1 if the endpoint does not acknowledge the event.

            Example:
              verbatim-admin webhook test --tenant ten_01J…
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let event_id: String
        let acknowledged: Bool
        let status_code: Int?
        let latency_ms: Int64
        let error: String?
    }

    func run() async throws {
        try await Operation.run { operation in
            let settings = try WebhookSettings()
            let masterKey = try OperatorMasterKey.current()
            let deliveryClient = try DeliveryClient(allowing: settings.egressAllow, logger: operation.logger)
            let (tenant, operatorName) = (tenant, change.operatorName)
            let (url, secrets) = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(tenant, in: transaction)
                guard let endpoint = try WebhookEndpoint.findDefault(of: tenant, in: transaction) else {
                    throw OperatorError("\(tenant) has no default endpoint; its customer sets one with PUT /webhook")
                }
                try AuditEntry(operator: operatorName, action: "webhook test", tenant: tenant).record(in: transaction)
                let secrets = try WebhookSecrets.findOrCreate(
                    of: tenant, masterKey: masterKey, at: .now(), in: transaction)
                return (endpoint.url, secrets)
            }
            let event = WebhookEvent.test(id: WebhookEventID(), at: .now())
            let result = await deliveryClient.send(event.id, body: event.body, to: url, signedWith: secrets)
            await deliveryClient.close()
            try show(event.id, result)
            if !result.isAcknowledged { throw ExitCode.failure }
        }
    }

    private func show(_ event: WebhookEventID, _ result: DeliveryResult) throws {
        let code = result.statusCode.map { "status \($0)" } ?? "no answer"
        let error = result.error.map { " (\($0.rawValue))" } ?? ""
        try Output.show(
            Answer(
                event_id: event.rawValue, acknowledged: result.isAcknowledged, status_code: result.statusCode,
                latency_ms: result.latencyMilliseconds, error: result.error?.rawValue),
            json: output.json,
            text: "\(result.isAcknowledged ? "Acknowledged" : "Not acknowledged"): \(code)\(error) after "
                + "\(result.latencyMilliseconds) ms.")
    }
}

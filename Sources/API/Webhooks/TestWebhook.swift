import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `POST /webhooks/{id}/test`: sends a signed `webhook.test` event to the endpoint, once, and answers with what came back.
struct TestWebhook: Sendable {
    let databases: Databases
    let deliveryClient: DeliveryClient
    let masterKey: MasterKey
    /// An account's tests: a request waits for the endpoint's answer.
    private let limit = RateLimit("webhook tests", perMinute: 10)

    init(databases: Databases, deliveryClient: DeliveryClient, masterKey: MasterKey) {
        self.databases = databases
        self.deliveryClient = deliveryClient
        self.masterKey = masterKey
    }

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, masterKey) = (context.principal.tenant, masterKey)
        let endpoint = try await WebhookRoutes.find(context, databases)
        do {
            try await limit.take(tenant.rawValue, at: .now(), on: databases.app)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many webhook tests in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
        let secrets = try await databases.system.transaction {
            try WebhookSecrets.findOrCreate(of: tenant, masterKey: masterKey, at: .now(), in: $0)
        }
        let event = WebhookEvent.test(id: WebhookEventID(), at: .now())
        let result = await deliveryClient.send(event.id, body: event.body, to: endpoint.url, signedWith: secrets)
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("event_id")
            json.string(event.id.rawValue)
            json.key("acknowledged")
            json.flag(result.isAcknowledged)
            json.key("status_code")
            json.integer(result.statusCode)
            json.key("latency_ms")
            json.integer(result.latencyMilliseconds)
            json.key("error")
            json.string(result.error?.rawValue)
        }
        return JSONResponse.make(json.bytes)
    }
}

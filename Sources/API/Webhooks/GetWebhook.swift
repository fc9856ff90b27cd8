import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `GET /webhook`: the account's default endpoint; its `url` is null while there is none.
struct GetWebhook: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let endpoint = try await databases.app.transaction(of: tenant) {
            try WebhookEndpoint.findDefault(of: tenant, in: $0)
        }
        return WebhookDocument(endpoint: endpoint).response
    }
}

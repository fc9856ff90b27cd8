import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `PUT /webhook`: names the account's default endpoint, or removes it.
struct PutWebhook: Sendable {
    let databases: Databases
    let addresses: WebhookAddress

    /// `{"url": "https://…"}` or `{"url": null}`; without `url` it says nothing.
    private struct Body: Decodable {
        let url: String?

        private enum Key: String, CodingKey {
            case url
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            // Asked for as a value, so that a missing one is told from null.
            url = try members.decode(String?.self, forKey: .url)
        }
    }

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let url = try await JSONBody.decode(Body.self, from: request).url
        if let url { try await addresses.check(url, field: "url") }
        do {
            let endpoint = try await databases.app.transaction(of: tenant) { transaction in
                try WebhookEndpoint.setDefault(url, of: tenant, in: transaction)
                return try WebhookEndpoint.findDefault(of: tenant, in: transaction)
            }
            return WebhookDocument(endpoint: endpoint).response
        } catch is WebhookEndpoint.AccountDeleted {
            throw APIError(.accountSuspended, "This account was deleted.")
        }
    }
}

import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `PUT /webhook`: sets the account's default endpoint, or removes it.
struct PutWebhook: Sendable {
    let databases: Databases
    let addresses: WebhookAddress

    /// `{"url": "https://…"}` or `{"url": null}`. A missing `url` is an error.
    private struct Body: Decodable {
        let url: String?

        private enum Key: String, CodingKey {
            case url
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            // Decoded as an optional value, so that a missing member is an error and null is not.
            url = try members.decode(String?.self, forKey: .url)
        }
    }

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let url = try await JSONBody.decode(Body.self, from: request).url
        if let url { try await addresses.check(url, field: "url") }
        return try await WebhookRoutes.answering {
            let endpoint = try await databases.app.transaction(of: tenant) { transaction in
                if try WebhookEndpoint.setDefault(url, of: tenant, in: transaction) {
                    try AuditEntry(by: context.principal, action: url == nil ? "webhook remove" : "webhook set")
                        .record(in: transaction)
                }
                return try WebhookEndpoint.findDefault(of: tenant, in: transaction)
            }
            return WebhookDocument(endpoint: endpoint).response
        }
    }
}

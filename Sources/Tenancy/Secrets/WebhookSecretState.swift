import Postgres

/// What is said of a tenant's webhook secret without showing it.
package struct WebhookSecretState: Sendable, Equatable {
    /// When the current secret was made.
    package let createdAt: Timestamp
    /// When the secret of the rotation that is under way replaces the current one; nil: none is under way.
    package let nextFrom: Timestamp?

    /// Returns the state; nil if the tenant has no secret yet.
    package static func of(
        _ tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> WebhookSecretState? {
        try transaction.first(
            "SELECT created_at, next_created_at, next_from FROM webhook_secrets WHERE tenant_id = \(tenant)",
            as: Timestamp.self, Timestamp?.self, Timestamp?.self
        ).map { created, nextCreated, from in
            guard let from, let nextCreated else { return WebhookSecretState(createdAt: created, nextFrom: nil) }
            return from > now
                ? WebhookSecretState(createdAt: created, nextFrom: from)
                : WebhookSecretState(createdAt: nextCreated, nextFrom: nil)
        }
    }
}

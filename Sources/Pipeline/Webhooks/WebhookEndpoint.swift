import Postgres
import Tenancy

/// An endpoint that a customer manages: where it is, which events it gets, and its recent state.
package struct WebhookEndpoint: Sendable, Equatable {
    package let id: WebhookEndpointID
    package let url: String
    /// At least one.
    package let events: [EventPattern]
    /// Whether it gets events at all.
    package let isEnabled: Bool
    /// Whether it gets the events of jobs that name no `webhook_url` of their own. At most one is.
    package let isDefault: Bool
    package let createdAt: Timestamp
    package let lastSuccess: Timestamp?
    /// Since when every attempt has failed. Nil until that has lasted a day. The endpoint is still tried.
    package let failingSince: Timestamp?

    /// How many endpoints an account can have.
    package static let most = 20
    /// How many patterns of events an endpoint can have.
    package static let mostPatterns = 20

    /// Returns whether it gets such events.
    func wants(_ event: EventName) -> Bool { isEnabled && events.contains { $0.matches(event) } }
}

package struct WebhookEndpointID: TypedID {
    package static let prefix = "whk_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

extension WebhookEndpoint {
    /// Returns the tenant's endpoints, oldest first.
    static func all(of tenant: TenantID, in transaction: PostgresTransaction) throws -> [WebhookEndpoint] {
        try find("true", tenant, transaction)
    }

    /// Returns a page of the tenant's endpoints, in the order of their ids.
    ///
    /// - Parameter last: the endpoint with which the previous page ended.
    package static func list(
        of tenant: TenantID, after last: WebhookEndpointID?, limit: Int, in transaction: PostgresTransaction
    ) throws -> [WebhookEndpoint] {
        try transaction.query(
            """
            SELECT \(columns) FROM webhook_endpoints
            WHERE tenant_id = \(tenant) AND id > \(last?.rawValue ?? "") ORDER BY id LIMIT \(limit)
            """
        ).map(WebhookEndpoint.init(row:))
    }

    package static func find(
        _ id: WebhookEndpointID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> WebhookEndpoint? {
        try find("id = \(id)", tenant, transaction).first
    }

    /// Returns the tenant's default endpoint, or nil.
    package static func findDefault(of tenant: TenantID, in transaction: PostgresTransaction) throws -> WebhookEndpoint?
    {
        try find("is_default", tenant, transaction).first
    }

    static func find(url: String, of tenant: TenantID, in transaction: PostgresTransaction) throws -> WebhookEndpoint? {
        try find("url = \(url)", tenant, transaction).first
    }

    private static func find(
        _ condition: PostgresQuery, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> [WebhookEndpoint] {
        try transaction.query(
            """
            SELECT \(columns) FROM webhook_endpoints
            WHERE tenant_id = \(tenant) AND id IS NOT NULL AND \(condition) ORDER BY created_at, id
            """
        ).map(WebhookEndpoint.init(row:))
    }

    /// Returns endpoints, of all tenants, that have begun to fail and of which nobody was told yet.
    static func untoldFailures(
        limit: Int, in transaction: PostgresTransaction
    ) throws -> [(TenantID, WebhookEndpoint)] {
        try transaction.query(
            """
            SELECT tenant_id, \(columns) FROM webhook_endpoints
            WHERE failing_since IS NOT NULL AND id IS NOT NULL AND told_failing_since IS DISTINCT FROM failing_since
            ORDER BY failing_since LIMIT \(limit)
            """
        ).map { (try $0.value("tenant_id", TenantID.self), try WebhookEndpoint(row: $0)) }
    }

    /// Records that the account was told of this failure. Returns false if it was before, or if the endpoint works again.
    func noteFailureTold(of tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            UPDATE webhook_endpoints SET told_failing_since = failing_since
            WHERE tenant_id = \(tenant) AND id = \(id) AND failing_since = \(failingSince)
                AND told_failing_since IS DISTINCT FROM failing_since
            """) == 1
    }

    private static let columns: PostgresQuery =
        "id, url, events, is_enabled, is_default, created_at, last_success, failing_since"

    private init(row: PostgresRow) throws {
        id = try row.value("id")
        url = try row.value("url")
        events = try row.value("events", [String].self).compactMap(EventPattern.init)
        isEnabled = try row.value("is_enabled")
        isDefault = try row.value("is_default")
        createdAt = try row.value("created_at")
        lastSuccess = try row.value("last_success")
        failingSince = try row.value("failing_since")
    }
}

/// Where an event goes.
struct WebhookTarget: Sendable, Equatable {
    let url: String
    /// Nil: the job's own `webhook_url`, or else the default endpoint.
    let endpoint: WebhookEndpointID?
}

extension WebhookTarget {
    /// Returns where an event of a job goes: to the job's own `webhook_url` or else to the default endpoint, and to each further endpoint that
    /// wants it. None of them can be removed or changed until the transaction ends.
    static func all(
        for event: EventName, of job: Job, in transaction: PostgresTransaction
    ) throws -> [WebhookTarget] {
        let endpoints = try WebhookEndpoint.holdAll(of: job.tenant, in: transaction).filter { $0.wants(event) }
        let own = job.webhookURL.map { WebhookTarget(url: $0, endpoint: nil) }
        if let own { try WebhookEndpoint.hold(own.url, of: job.tenant, in: transaction) }
        let first = own ?? endpoints.first(where: \.isDefault).map { WebhookTarget(url: $0.url, endpoint: nil) }
        let others = endpoints.filter { !$0.isDefault && $0.url != first?.url }
        return (first.map { [$0] } ?? []) + others.map { WebhookTarget(url: $0.url, endpoint: $0.id) }
    }

    /// Returns where an event goes that is not about a job: to each endpoint that wants it.
    static func all(
        for event: EventName, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> [WebhookTarget] {
        try WebhookEndpoint.holdAll(of: tenant, in: transaction).filter { $0.wants(event) }
            .map { WebhookTarget(url: $0.url, endpoint: $0.id) }
    }
}

import Postgres
import Tenancy

extension EventReplay {
    /// How many events it is about, as things stand.
    package func count(in transaction: PostgresTransaction) throws -> Int {
        let endpoint = try WebhookEndpoint.findDefault(of: tenant, in: transaction)?.url
        return try transaction.first(
            """
            SELECT count(*) FROM webhook_events v JOIN jobs j ON j.tenant_id = v.tenant_id AND j.id = v.job_id
            WHERE v.tenant_id = \(tenant) AND v.created_at >= \(since) AND v.created_at < \(until)
                AND coalesce(j.webhook_url, \(endpoint)) IS NOT NULL
            """, as: Int.self) ?? 0
    }

    /// The next ones, oldest first.
    func events(after place: Place?, in transaction: PostgresTransaction) throws -> [Place] {
        try transaction.all(
            """
            SELECT created_at::text AS created, id FROM webhook_events
            WHERE tenant_id = \(tenant) AND created_at >= \(since) AND created_at < \(until)
                AND (created_at, id) > (coalesce(\(place?.created)::text::timestamptz, '-infinity'), \(place?.event.rawValue ?? ""))
            ORDER BY created_at, id LIMIT \(Self.batch)
            """, as: String.self, WebhookEventID.self
        ).map { Place(created: $0.0, event: $0.1) }
    }

    /// Has those sent again that somebody is to be told of; unless `waiting`, those that nobody else holds. Answers which.
    func replay(
        _ events: [WebhookEventID], waiting: Bool, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Set<WebhookEventID> {
        guard !events.isEmpty else { return [] }
        let endpoint = try WebhookEndpoint.holdDefault(of: tenant, in: transaction)
        let ids = events.map(\.rawValue)
        let lock: PostgresQuery = waiting ? "FOR NO KEY UPDATE OF v" : "FOR NO KEY UPDATE OF v SKIP LOCKED"
        let replayed = try transaction.all(
            """
            WITH held AS (
                SELECT v.tenant_id, v.id, v.url AS old, coalesce(j.webhook_url, \(endpoint)) AS new
                FROM webhook_events v JOIN jobs j ON j.tenant_id = v.tenant_id AND j.id = v.job_id
                WHERE v.tenant_id = \(tenant) AND v.id = ANY(\(ids)) AND coalesce(j.webhook_url, \(endpoint)) IS NOT NULL
                ORDER BY v.id \(lock)
            )
            UPDATE webhook_events v SET \(WebhookEvent.replayed(at: now)), url = held.new
            FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
            RETURNING v.id, held.old, v.url
            """, as: WebhookEventID.self, String.self, String.self)
        for url in Set(replayed.filter { $0.1 != $0.2 }.map(\.1)).sorted() {
            try WebhookEndpoint.forget(url, of: tenant, in: transaction)
        }
        return Set(replayed.map(\.0))
    }
}

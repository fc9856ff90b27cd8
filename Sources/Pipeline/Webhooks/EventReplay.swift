import Postgres
import Tenancy

/// Sends all of a tenant's events of a period again that have an endpoint.
///
/// This happens in batches, each a short transaction. Events that are locked, because they are being sent or just ending, come last, so that
/// nobody waits for a whole batch. It is safe to repeat after a crash, but then some events are sent twice, with the same id.
package struct EventReplay: Sendable {
    package static let batch = 1_000

    private let tenant: TenantID
    private let since: Timestamp
    private let until: Timestamp
    private let pool: PostgresPool
    private let clock: @Sendable () -> Timestamp

    /// - Parameter pool: connects as the owner of the tables.
    package init(
        of tenant: TenantID, since: Timestamp, until: Timestamp, on pool: PostgresPool,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.tenant = tenant
        self.since = since
        self.until = until
        self.pool = pool
        self.clock = clock
    }

    /// The last event of a batch, and when it was created, with the database's precision.
    struct Place: Sendable {
        let created: String
        let event: WebhookEventID
    }

    /// Returns how many events are sent again.
    package func run() async throws -> Int {
        var (count, place) = (0, Place?.none)
        var left: [WebhookEventID] = []
        while true {
            let (now, after) = (clock(), place)
            let (batch, replayed) = try await pool.transaction { transaction in
                let batch = try events(after: after, in: transaction)
                return (batch, try replay(batch.map(\.event), waiting: false, at: now, in: transaction))
            }
            guard let last = batch.last else { break }
            place = last
            count += replayed.count
            left += batch.map(\.event).filter { !replayed.contains($0) }
        }
        for start in stride(from: 0, to: left.count, by: Self.batch) {
            let (now, some) = (clock(), Array(left[start..<min(start + Self.batch, left.count)]))
            count += try await pool.transaction {
                try replay(some, waiting: true, at: now, in: $0).count
            }
        }
        return count
    }
}

extension EventReplay {
    /// Returns how many events would be sent again now.
    package func count(in transaction: PostgresTransaction) throws -> Int {
        let endpoint = try WebhookEndpoint.findDefault(of: tenant, in: transaction)?.url
        return try transaction.first(
            """
            SELECT count(*) FROM webhook_events v JOIN jobs j ON j.tenant_id = v.tenant_id AND j.id = v.job_id
            WHERE v.tenant_id = \(tenant) AND v.created_at >= \(since) AND v.created_at < \(until)
                AND coalesce(j.webhook_url, \(endpoint)) IS NOT NULL
            """, as: Int.self) ?? 0
    }

    /// Returns the next events, oldest first.
    private func events(after place: Place?, in transaction: PostgresTransaction) throws -> [Place] {
        try transaction.all(
            """
            SELECT created_at::text AS created, id FROM webhook_events
            WHERE tenant_id = \(tenant) AND created_at >= \(since) AND created_at < \(until)
                AND (created_at, id) > (coalesce(\(place?.created)::text::timestamptz, '-infinity'), \(place?.event.rawValue ?? ""))
            ORDER BY created_at, id LIMIT \(Self.batch)
            """, as: String.self, WebhookEventID.self
        ).map { Place(created: $0.0, event: $0.1) }
    }

    /// Sends those of `events` again that have an endpoint. Unless `waiting`, skips locked events. Returns which ones are sent again.
    private func replay(
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

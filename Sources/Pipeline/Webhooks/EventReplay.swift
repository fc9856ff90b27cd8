import Postgres
import Tenancy

/// Sends events of a period again that have an endpoint: all of a tenant's, or those of one endpoint.
///
/// This happens in batches, each a short transaction. Events that are locked, because they are being sent or just ending, come last, so that
/// nobody waits for a whole batch. It is safe to repeat after a crash, but then some events are sent twice, with the same id.
package struct EventReplay: Sendable {
    package static let batch = 1_000

    private let tenant: TenantID
    private let endpoint: WebhookEndpoint?
    private let filter: DeliveryFilter?
    private let since: Timestamp
    private let until: Timestamp
    private let pool: PostgresPool
    private let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - endpoint: only its events; nil: those of all endpoints.
    ///   - filter: only such deliveries; nil: all.
    package init(
        of tenant: TenantID, to endpoint: WebhookEndpoint? = nil, _ filter: DeliveryFilter? = nil, since: Timestamp,
        until: Timestamp, on pool: PostgresPool,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.tenant = tenant
        self.endpoint = endpoint
        self.filter = filter
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
            let (batch, replayed) = try await pool.transaction(of: tenant) { transaction in
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
            count += try await pool.transaction(of: tenant) {
                try replay(some, waiting: true, at: now, in: $0).count
            }
        }
        return count
    }
}

extension EventReplay {
    /// Returns how many events would be sent again now.
    package func count(in transaction: PostgresTransaction) throws -> Int {
        let url = try defaultURL(in: transaction)
        return try transaction.first(
            """
            SELECT count(*) FROM webhook_events v \(Self.target)
            WHERE v.tenant_id = \(tenant) AND v.created_at >= \(since) AND v.created_at < \(until) AND \(wanted)
                AND \(Self.url(url)) IS NOT NULL
            """, as: Int.self) ?? 0
    }

    /// The condition for the events `v` that are meant.
    private var wanted: PostgresQuery {
        let theirs: PostgresQuery = endpoint.map(\.isTheirs) ?? "true"
        let filter: PostgresQuery = filter.map(\.condition) ?? "true"
        return "\(theirs) AND \(filter)"
    }

    /// Joins an event `v` with its job `j` and its endpoint `e`, if it has them.
    private static let target: PostgresQuery = """
        LEFT JOIN jobs j ON j.tenant_id = v.tenant_id AND j.id = v.job_id
        LEFT JOIN webhook_endpoints e ON e.tenant_id = v.tenant_id AND e.id = v.endpoint_id AND e.is_enabled
        """

    /// Where the event `v` goes today; null: nowhere.
    private static func url(_ defaultURL: String?) -> PostgresQuery {
        "CASE WHEN v.endpoint_id IS NULL THEN coalesce(j.webhook_url, \(defaultURL)) ELSE e.url END"
    }

    private func defaultURL(in transaction: PostgresTransaction) throws -> String? {
        try WebhookEndpoint.holdAll(of: tenant, in: transaction).first { $0.isDefault && $0.isEnabled }?.url
    }

    /// Returns the next events, oldest first.
    private func events(after place: Place?, in transaction: PostgresTransaction) throws -> [Place] {
        try transaction.all(
            """
            SELECT v.created_at::text AS created, v.id FROM webhook_events v
            WHERE v.tenant_id = \(tenant) AND v.created_at >= \(since) AND v.created_at < \(until) AND \(wanted)
                AND (v.created_at, v.id) > (coalesce(\(place?.created)::text::timestamptz, '-infinity'), \(place?.event.rawValue ?? ""))
            ORDER BY v.created_at, v.id LIMIT \(Self.batch)
            """, as: String.self, WebhookEventID.self
        ).map { Place(created: $0.0, event: $0.1) }
    }

    /// Sends those of `events` again that have an endpoint. Unless `waiting`, skips locked events. Returns which ones are sent again.
    private func replay(
        _ events: [WebhookEventID], waiting: Bool, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Set<WebhookEventID> {
        guard !events.isEmpty else { return [] }
        let url = Self.url(try defaultURL(in: transaction))
        let ids = events.map(\.rawValue)
        let lock: PostgresQuery = waiting ? "FOR NO KEY UPDATE OF v" : "FOR NO KEY UPDATE OF v SKIP LOCKED"
        let replayed = try transaction.all(
            """
            WITH held AS (
                SELECT v.tenant_id, v.id, v.url AS old, \(url) AS new FROM webhook_events v \(Self.target)
                WHERE v.tenant_id = \(tenant) AND v.id = ANY(\(ids)) AND \(url) IS NOT NULL
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

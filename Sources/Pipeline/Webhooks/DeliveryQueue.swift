import Postgres
import Tenancy

/// The events to be sent as senders see them: across tenants, in the database, by short statements. No transaction is open while
/// anything is sent. When an event is due goes by this node's clock, leases by the database's.
package struct DeliveryQueue: Sendable {
    /// How long a claim holds: longer than a try can take. A sender that dies costs its events this long.
    package static let lease = Duration.seconds(30)
    /// Tries at once, on all nodes together: of one endpoint, of one tenant.
    package static let perEndpoint = 8
    package static let perTenant = 64

    private let databases: Databases
    private let clock: @Sendable () -> Timestamp

    package init(databases: Databases, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.databases = databases
        self.clock = clock
    }

    /// Claims up to `limit` due events of that lane. Tenants with fewer tries under way come first, within a tenant endpoints with
    /// fewer; among equals the oldest.
    package func claim(_ lane: DeliveryLane, limit: Int) async throws -> [ClaimedDelivery] {
        let now = clock()
        guard limit > 0, try await isAnythingDue(at: now) else { return [] }
        return try await databases.system.transaction { transaction in
            // One claim after the other: each counts what those before it have taken.
            try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.deliveries'))")
            return try transaction.query(Self.claim(lane, limit: limit, at: now)).map {
                try ClaimedDelivery(row: $0, lane: lane)
            }
        }
    }

    /// Most looks find nothing: they wait for nobody.
    private func isAnythingDue(at now: Timestamp) async throws -> Bool {
        try await databases.system.query(
            "SELECT EXISTS (SELECT FROM webhook_events WHERE status = 'pending' AND next_try <= \(now))"
        ).first?.decode(Bool.self) == true
    }

    /// Writes down how a try went, and what comes next. False when the claim is no longer ours: then nothing was written.
    package func finish(_ claim: ClaimedDelivery, _ result: DeliveryResult, begunAt: Timestamp) async throws -> Bool {
        var generator = SystemRandomNumberGenerator()
        let now = clock()
        let next =
            result.error == .gone
            ? nil
            : DeliverySchedule.next(
                after: claim.tries, firstTry: claim.firstTry, now: now, wish: result.retryAt, using: &generator)
        return try await databases.system.query(
            """
            WITH ended AS (
                UPDATE webhook_events SET lease_until = NULL,
                    status = CASE
                        WHEN \(result.isAcknowledged) THEN 'delivered'
                        WHEN first_try <> \(claim.firstTry) OR \(next != nil) THEN 'pending'
                        ELSE 'given_up' END,
                    -- Replayed meanwhile: the new schedule begins now.
                    next_try = CASE WHEN first_try <> \(claim.firstTry) THEN \(now) ELSE coalesce(\(next), next_try) END
                WHERE tenant_id = \(claim.tenant) AND id = \(claim.event) AND fence = \(claim.fence)
                    AND status = 'sending'
                RETURNING tenant_id, id
            ), kept AS (
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, latency_ms, error)
                SELECT tenant_id, id, \(claim.attempt), \(begunAt), \(result.statusCode),
                    \(result.latencyMilliseconds), \(result.error)
                FROM ended
            ), judged AS (
                UPDATE webhook_endpoints e SET \(Self.health(result, at: begunAt))
                FROM ended WHERE e.tenant_id = ended.tenant_id AND e.url = \(claim.url)
            )
            SELECT count(*) FROM ended
            """
        ).first?.decode(Int.self) == 1
    }

    /// A success clears what failures said of the endpoint; failures for a whole day say that it is failing.
    private static func health(_ result: DeliveryResult, at now: Timestamp) -> PostgresQuery {
        if result.isAcknowledged { return "last_success = \(now), failures_from = NULL, failing_since = NULL" }
        return """
            failures_from = coalesce(failures_from, \(now)),
            failing_since = coalesce(failing_since, CASE
                WHEN failures_from <= \(now - DeliverySchedule.span) THEN failures_from END)
            """
    }

    /// Puts a try back that was broken off: it may have arrived. It counts, and the event is due again at once.
    package func interrupt(_ claim: ClaimedDelivery) async throws {
        try await databases.system.execute(
            Self.putBack("tenant_id = \(claim.tenant) AND id = \(claim.event) AND fence = \(claim.fence)"))
    }

    /// Puts back what senders were sending that stopped before they were done. Answers how many events those are.
    package func rescue() async throws -> Int {
        try await databases.system.execute(
            Self.putBack(
                """
                (tenant_id, id) IN (
                    SELECT tenant_id, id FROM webhook_events WHERE status = 'sending' AND lease_until < now()
                    FOR NO KEY UPDATE SKIP LOCKED LIMIT 1000)
                """))
    }

    private static func putBack(_ which: PostgresQuery) -> PostgresQuery {
        """
        WITH broken AS (
            SELECT tenant_id, id, attempt, lease_until - make_interval(secs => \(lease / .seconds(1))) AS begun_at
            FROM webhook_events WHERE status = 'sending' AND \(which)
            FOR NO KEY UPDATE
        ), back AS (
            UPDATE webhook_events v SET status = 'pending', lease_until = NULL
            FROM broken b WHERE v.tenant_id = b.tenant_id AND v.id = b.id
        )
        INSERT INTO webhook_attempts (tenant_id, event_id, number, at, error)
        SELECT tenant_id, id, attempt, begun_at, \(DeliveryError.interrupted) FROM broken
        """
    }
}

import Postgres
import Tenancy

/// The events to be sent as senders see them: across tenants, in the database, by short statements. No transaction is open while
/// anything is sent. When an event is due goes by this node's clock, leases by the database's.
///
/// Events are locked before endpoints, endpoints before what is known of their hosts.
package struct DeliveryQueue: Sendable {
    /// How long a claim holds: longer than it takes to wait for a connection, to try, and to write down how that went through some
    /// trouble of the database's. A sender that dies costs its events this long.
    package static let lease = Duration.seconds(60)
    /// Tries at once, on all nodes together: of one tenant at one host, of one tenant.
    package static let perOrigin = 8
    package static let perTenant = 64

    let lease: Duration
    let databases: Databases
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, lease: Duration = Self.lease,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.lease = lease
        self.clock = clock
    }

    /// Claims due events, as many as there is room for. Tenants with fewer tries under way come first, within a tenant hosts with
    /// fewer; among equals the oldest.
    package func claim(_ room: DeliveryRoom) async throws -> [ClaimedDelivery] {
        let now = clock()
        guard room.total > 0, try await isAnythingDue(at: now) else { return [] }
        // What the database counts from later on ends later.
        let leaseEnd = ContinuousClock.now + lease
        return try await databases.system.transaction { transaction in
            // One claim after the other: each counts what those before it have taken.
            try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.deliveries'))")
            return try transaction.query(claim(room, at: now)).map { try ClaimedDelivery(row: $0, leaseEnd: leaseEnd) }
        }
    }

    /// Marks what has become due. Most looks find nothing: they wait for nobody.
    private func isAnythingDue(at now: Timestamp) async throws -> Bool {
        try await databases.system.query(Self.ripening(at: now)).first?.decode(Bool.self) == true
    }

    /// Writes down how a try went, and what comes next. False when the claim is no longer ours: then nothing was written.
    package func finish(_ claim: ClaimedDelivery, _ result: DeliveryResult, begunAt: Timestamp) async throws -> Bool {
        let now = clock()
        let next = Self.next(claim, result, now: now)
        let isOurs = result.error?.isOurs == true
        return try await databases.system.query(
            """
            WITH ended AS (
                UPDATE webhook_events SET lease_until = NULL,
                    -- No tries: it was asked to be sent again meanwhile, on a new schedule, which begins now.
                    status = CASE
                        WHEN \(result.isAcknowledged) AND (tries > 0 OR abandoned) THEN 'delivered'
                        WHEN abandoned THEN 'given_up'
                        -- With a new address comes another try.
                        WHEN tries = 0 OR url <> \(claim.url) OR \(next != nil) THEN 'pending'
                        ELSE 'given_up' END,
                    next_try = CASE WHEN tries = 0 THEN \(now) ELSE coalesce(\(next), \(now)) END,
                    due = tries = 0,
                    -- A fault of ours costs the event neither a try nor time.
                    tries = CASE WHEN \(isOurs) THEN greatest(tries - 1, 0) ELSE tries END,
                    first_try = CASE WHEN tries = 0 OR (\(isOurs) AND tries = 1) THEN NULL ELSE first_try END
                WHERE tenant_id = \(claim.tenant) AND id = \(claim.event) AND fence = \(claim.fence)
                    AND status = 'sending'
                RETURNING tenant_id, id
            ), kept AS (
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, latency_ms, error)
                SELECT tenant_id, id, \(claim.attempt), \(begunAt), \(result.statusCode),
                    \(result.latencyMilliseconds), \(result.error)
                FROM ended
            ), trimmed AS (
                DELETE FROM webhook_attempts a USING ended
                WHERE a.tenant_id = ended.tenant_id AND a.event_id = ended.id
                    AND a.number <= \(claim.attempt - DeliveryLog.shown)
            ), judged AS (
                UPDATE webhook_endpoints e SET \(Self.health(claim, result, at: begunAt, isLast: next == nil))
                FROM ended WHERE e.tenant_id = ended.tenant_id AND e.url = \(claim.url) AND NOT \(isOurs)
                RETURNING e.tenant_id
            ), laned AS (
                \(Self.lane(claim, result))
            )
            SELECT count(*) FROM ended
            """
        ).first?.decode(Int.self) == 1
    }

    private static func next(_ claim: ClaimedDelivery, _ result: DeliveryResult, now: Timestamp) -> Timestamp? {
        var generator = SystemRandomNumberGenerator()
        switch result.error {
        case nil, .gone: return nil
        case .some(let error) where error.isOurs:
            return DeliverySchedule.afterOurFault(attempt: claim.attempt, now: now, using: &generator)
        default:
            return DeliverySchedule.next(
                after: claim.tries, firstTry: claim.firstTry, now: now, wish: result.retryAt, using: &generator)
        }
    }

    /// A success clears what failures said of the endpoint; failures for a whole day, or of all tries of an event, say that it is
    /// failing.
    private static func health(
        _ claim: ClaimedDelivery, _ result: DeliveryResult, at now: Timestamp, isLast: Bool
    ) -> PostgresQuery {
        if result.isAcknowledged { return "last_success = \(now), failures_from = NULL, failing_since = NULL" }
        // The last try comes a day after the claim of the first, which was made a moment later.
        let isSpent = isLast && result.error != .gone
        let day = max(now - DeliverySchedule.span, isSpent ? claim.firstTry + lease : now - DeliverySchedule.span)
        return """
            failures_from = coalesce(failures_from, \(now)),
            failing_since = coalesce(failing_since, CASE WHEN failures_from <= \(day) THEN failures_from END)
            """
    }

    private static func lane(_ claim: ClaimedDelivery, _ result: DeliveryResult) -> PostgresQuery {
        if result.isAcknowledged {
            return """
                DELETE FROM webhook_failing_origins f USING judged
                WHERE f.tenant_id = judged.tenant_id AND f.origin = \(claim.origin)
                """
        }
        return """
            INSERT INTO webhook_failing_origins (tenant_id, origin) SELECT tenant_id, \(claim.origin) FROM judged
            ON CONFLICT DO NOTHING
            """
    }
}

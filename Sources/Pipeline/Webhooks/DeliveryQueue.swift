import Postgres
import Tenancy

/// The queue of events for senders: of all tenants, in the database. Statements are short, and no transaction is open while something is sent.
/// This node's clock decides when an event is due; leases use the database's clock.
///
/// Order of locks: events, then endpoints, then failing hosts.
package struct DeliveryQueue: Sendable {
    /// How long a claim holds. It is longer than waiting for a database connection, sending, and storing the result take, even if the database has
    /// short problems. If a sender dies, its events wait for this long.
    package static let lease = DeliveryClient.timeout + .seconds(45)
    /// How many attempts may be in progress, on all nodes together: of a tenant at one host, and of a tenant in all.
    package static let perOrigin = 8
    package static let perTenant = 64

    private let lease: Duration
    private let databases: Databases
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, lease: Duration = Self.lease,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.lease = lease
        self.clock = clock
    }

    /// Claims due events, as many as there is room for. Tenants with the fewest attempts in progress come first, within a tenant the hosts with the
    /// fewest; among equals, the oldest event.
    package func claim(_ room: DeliveryCapacity) async throws -> [ClaimedDelivery] {
        let now = clock()
        guard room.total > 0, try await ripen(at: now) else { return [] }
        // The database sets the lease later, so that lease ends later than this.
        let leaseEnd = ContinuousClock.now + lease
        return try await databases.system.transaction { transaction in
            // One claim at a time, because each must count the attempts of those before it.
            try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.deliveries'))")
            return try transaction.query(claim(room, at: now)).map { try ClaimedDelivery(row: $0, leaseEnd: leaseEnd) }
        }
    }

    /// A condition for a ``WorkPoller``: whether an attempt was lost with its sender.
    static let isAnyLost: PostgresQuery =
        "EXISTS (SELECT FROM webhook_events WHERE status = 'sending' AND lease_until < now())"

    /// A condition for a ``WorkPoller``: whether an event is due.
    static func isAnythingDue(at now: Timestamp) -> PostgresQuery {
        """
        (EXISTS (SELECT FROM webhook_events WHERE status = 'pending' AND due)
            OR EXISTS (SELECT FROM webhook_events WHERE status = 'pending' AND NOT due AND next_attempt_at <= \(now)))
        """
    }

    /// Marks events that have become due. Returns whether any is due. This must not wait for a lock.
    private func ripen(at now: Timestamp) async throws -> Bool {
        try await databases.system.query(Self.ripening(at: now)).first?.decode(Bool.self) == true
    }

    /// Stores the result of an attempt and when the next one is due. Returns false if the claim is no longer ours; then nothing is written.
    package func finish(_ claim: ClaimedDelivery, _ result: DeliveryResult, begunAt: Timestamp) async throws -> Bool {
        let now = clock()
        let next = Self.next(claim, result, now: now)
        let isOurs = result.error?.isOurs == true
        return try await databases.system.query(
            """
            WITH ended AS (
                UPDATE webhook_events SET lease_until = NULL,
                    -- Zero attempts: a redelivery was requested meanwhile, so a new schedule begins now.
                    status = CASE
                        WHEN \(result.isAcknowledged) AND (schedule_attempts > 0 OR abandoned) THEN 'delivered'
                        WHEN abandoned THEN 'given_up'
                        -- The URL has changed meanwhile, so there is another attempt.
                        WHEN schedule_attempts = 0 OR url <> \(claim.url) OR \(next != nil) THEN 'pending'
                        ELSE 'given_up' END,
                    next_attempt_at = CASE WHEN schedule_attempts = 0 THEN \(now) ELSE coalesce(\(next), \(now)) END,
                    due = schedule_attempts = 0,
                    -- An error of ours does not count as an attempt and costs no time.
                    schedule_attempts = CASE WHEN \(isOurs) THEN greatest(schedule_attempts - 1, 0) ELSE schedule_attempts END,
                    schedule_started_at = CASE WHEN schedule_attempts = 0 OR (\(isOurs) AND schedule_attempts = 1) THEN NULL ELSE schedule_started_at END
                WHERE tenant_id = \(claim.tenant) AND id = \(claim.id) AND fence = \(claim.fence)
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
                \(Self.slotKind(claim, result))
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

    /// Returns the changes to the endpoint. A success resets its failures. The endpoint is failing if all attempts of a whole day failed, or all
    /// attempts of an event.
    private static func health(
        _ claim: ClaimedDelivery, _ result: DeliveryResult, at now: Timestamp, isLast: Bool
    ) -> PostgresQuery {
        if result.isAcknowledged { return "last_success = \(now), first_failure_at = NULL, failing_since = NULL" }
        // The last attempt is due a day after the first claim, but the first failure may be up to a lease younger than that claim.
        let isSpent = isLast && result.error != .gone
        let day = max(now - DeliverySchedule.span, isSpent ? claim.firstTry + lease : now - DeliverySchedule.span)
        return """
            first_failure_at = coalesce(first_failure_at, \(now)),
            failing_since = coalesce(failing_since, CASE WHEN first_failure_at <= \(day) THEN first_failure_at END)
            """
    }

    private static func slotKind(_ claim: ClaimedDelivery, _ result: DeliveryResult) -> PostgresQuery {
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

extension DeliveryQueue {
    /// How many tenants with due events, and how many hosts of each, one claim considers.
    private static let tenantsSeen = 1_000
    private static let originsSeen = 128

    /// Marks up to 1,000 events as due whose time has come. Returns whether any are due.
    private static func ripening(at now: Timestamp) -> PostgresQuery {
        """
        WITH ripe AS (
            SELECT tenant_id, id FROM webhook_events WHERE status = 'pending' AND NOT due AND next_attempt_at <= \(now)
            ORDER BY next_attempt_at LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
        ), marked AS (
            UPDATE webhook_events v SET due = true FROM ripe WHERE v.tenant_id = ripe.tenant_id AND v.id = ripe.id
            RETURNING v.id
        )
        SELECT EXISTS (SELECT FROM marked) OR EXISTS (SELECT FROM webhook_events WHERE status = 'pending' AND due)
        """
    }

    /// The statement that claims. Events that are not due cost nothing. It looks at each tenant with due events once, at each host of tenants that
    /// may have more attempts once, and takes no more events from each than there is room for.
    package func claim(_ room: DeliveryCapacity, at now: Timestamp) -> PostgresQuery {
        """
        WITH RECURSIVE \(Self.open), \(Self.candidates(at: now)), numbered AS (
            SELECT tenant_id, id, next_attempt_at, is_failing, turn, row_number() OVER (
                PARTITION BY last_turn > \(DeliveryCapacity.share) ORDER BY turn, next_attempt_at) AS in_crowd
            FROM ranked WHERE turn <= \(Self.perTenant)
        ), laned AS (
            SELECT tenant_id, id, next_attempt_at, is_failing, turn,
                row_number() OVER (PARTITION BY is_failing ORDER BY turn, next_attempt_at) AS in_lane
            FROM numbered WHERE turn <= \(DeliveryCapacity.share) OR in_crowd <= \(room.crowding)
        ), picked AS (
            SELECT tenant_id, id, is_failing FROM laned
            WHERE in_lane <= CASE WHEN is_failing THEN \(room.failing) ELSE \(room.answering) END
            ORDER BY turn, next_attempt_at LIMIT \(room.total)
        ), held AS (
            SELECT v.tenant_id, v.id, p.is_failing
            FROM webhook_events v JOIN picked p ON p.tenant_id = v.tenant_id AND p.id = v.id
            WHERE v.status = 'pending'
            FOR NO KEY UPDATE OF v SKIP LOCKED
        )
        UPDATE webhook_events v
        SET status = 'sending', attempt = attempt + 1, schedule_attempts = schedule_attempts + 1, schedule_started_at = coalesce(schedule_started_at, \(now)),
            fence = nextval('delivery_fences'),
            lease_until = now() + make_interval(secs => \(lease / .seconds(1)))
        FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
        RETURNING v.tenant_id, v.id, coalesce(v.event_id, v.id), v.job_id, v.url, v.origin, v.body, v.attempt, v.schedule_attempts, v.schedule_started_at, v.fence,
            held.is_failing, (SELECT traceparent FROM jobs j WHERE j.tenant_id = v.tenant_id AND j.id = v.job_id)
        """
    }

    /// Hosts with due events where another attempt may begin, each with the numbers of attempts in progress at the host and of its tenant.
    private static let open: PostgresQuery = """
        waiting AS (
            (SELECT tenant_id FROM webhook_events WHERE status = 'pending' AND due ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT n.tenant_id FROM waiting w, LATERAL (
                SELECT v.tenant_id FROM webhook_events v
                WHERE v.status = 'pending' AND v.due AND v.tenant_id > w.tenant_id
                ORDER BY v.tenant_id LIMIT 1) n
        ), busy AS (
            SELECT tenant_id, origin, count(*) AS sending FROM webhook_events WHERE status = 'sending' GROUP BY 1, 2
        ), busy_tenants AS (
            SELECT tenant_id, sum(sending)::int8 AS sending FROM busy GROUP BY 1
        ), tenants AS (
            SELECT w.tenant_id, coalesce(t.sending, 0) AS sending
            FROM (SELECT tenant_id FROM waiting LIMIT \(tenantsSeen)) w
            LEFT JOIN busy_tenants t ON t.tenant_id = w.tenant_id
            WHERE coalesce(t.sending, 0) < \(perTenant)
        ), open AS (
            SELECT t.tenant_id, o.origin, t.sending AS of_tenant, coalesce(b.sending, 0) AS sending,
                EXISTS (SELECT FROM webhook_failing_origins f
                    WHERE f.tenant_id = t.tenant_id AND f.origin = o.origin) AS is_failing
            FROM tenants t CROSS JOIN LATERAL (
                WITH RECURSIVE origins AS (
                    (SELECT v.origin FROM webhook_events v
                        WHERE v.status = 'pending' AND v.due AND v.tenant_id = t.tenant_id ORDER BY v.origin LIMIT 1)
                    UNION ALL
                    SELECT n.origin FROM origins p, LATERAL (
                        SELECT v.origin FROM webhook_events v
                        WHERE v.status = 'pending' AND v.due AND v.tenant_id = t.tenant_id AND v.origin > p.origin
                        ORDER BY v.origin LIMIT 1) n
                )
                SELECT origin FROM origins LIMIT \(originsSeen)) o
            LEFT JOIN busy b ON b.tenant_id = t.tenant_id AND b.origin = o.origin
            WHERE coalesce(b.sending, 0) < \(perOrigin)
        )
        """

    /// Due events with two numbers each: how many attempts of its tenant would be in progress with this event (`turn`), and with the last event
    /// of the tenant (`last_turn`).
    private static func candidates(at now: Timestamp) -> PostgresQuery {
        """
        due AS (
            SELECT d.tenant_id, d.id, d.next_attempt_at, o.of_tenant, o.is_failing,
                o.sending + row_number() OVER (PARTITION BY o.tenant_id, o.origin ORDER BY d.next_attempt_at) AS place
            FROM open o, LATERAL (
                SELECT v.tenant_id, v.id, v.next_attempt_at FROM webhook_events v
                WHERE v.status = 'pending' AND v.due AND v.tenant_id = o.tenant_id AND v.origin = o.origin
                    AND v.next_attempt_at <= \(now)
                ORDER BY v.next_attempt_at LIMIT \(perOrigin) - o.sending) d
        ), ranked AS (
            SELECT tenant_id, id, next_attempt_at, is_failing,
                of_tenant + row_number() OVER (PARTITION BY tenant_id ORDER BY place, next_attempt_at) AS turn,
                of_tenant + count(*) OVER (PARTITION BY tenant_id) AS last_turn
            FROM due
        )
        """
    }
}

// Puts events back whose attempt has no known result. They are due again at once, and the attempt does not count.
extension DeliveryQueue {
    /// Puts an event back whose attempt was interrupted. It may have arrived, so the attempt is listed.
    package func interrupt(_ claim: ClaimedDelivery) async throws {
        try await databases.system.execute(
            putBack(
                """
                WHERE status = 'sending' AND tenant_id = \(claim.tenant) AND id = \(claim.id)
                    AND fence = \(claim.fence)
                FOR NO KEY UPDATE
                """))
    }

    /// Puts an event back of which nothing was sent, as if it had never been claimed.
    package func release(_ claim: ClaimedDelivery) async throws {
        try await databases.system.execute(
            """
            UPDATE webhook_events SET \(Self.waiting), attempt = attempt - 1
            WHERE status = 'sending' AND tenant_id = \(claim.tenant) AND id = \(claim.id) AND fence = \(claim.fence)
            """)
    }

    /// Puts events with expired leases back, whose senders died. Returns how many.
    package func rescue() async throws -> Int {
        try await databases.system.execute(
            putBack(
                "WHERE status = 'sending' AND lease_until < now() LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED"))
    }

    private func putBack(_ which: PostgresQuery) -> PostgresQuery {
        """
        WITH broken AS (
            SELECT tenant_id, id, attempt, lease_until - make_interval(secs => \(lease / .seconds(1))) AS begun_at
            FROM webhook_events \(which)
        ), back AS (
            UPDATE webhook_events v SET \(Self.waiting)
            FROM broken b WHERE v.tenant_id = b.tenant_id AND v.id = b.id
        )
        INSERT INTO webhook_attempts (tenant_id, event_id, number, at, error)
        SELECT tenant_id, id, attempt, begun_at, \(DeliveryError.interrupted) FROM broken
        """
    }

    private static let waiting: PostgresQuery = """
        status = CASE WHEN abandoned THEN 'given_up' ELSE 'pending' END, lease_until = NULL, due = true,
        schedule_attempts = greatest(schedule_attempts - 1, 0), schedule_started_at = CASE WHEN schedule_attempts > 1 THEN schedule_started_at END
        """
}

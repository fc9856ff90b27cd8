import Postgres
import Tenancy

extension DeliveryQueue {
    /// Of so many tenants with something due, and of each tenant so many hosts, one claim takes its choice.
    private static let tenantsSeen = 1_000
    private static let originsSeen = 128

    /// Marks events as due whose time has come, some at a time, and tells whether any are due.
    static func ripening(at now: Timestamp) -> PostgresQuery {
        """
        WITH ripe AS (
            SELECT tenant_id, id FROM webhook_events WHERE status = 'pending' AND NOT due AND next_try <= \(now)
            ORDER BY next_try LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
        ), marked AS (
            UPDATE webhook_events v SET due = true FROM ripe WHERE v.tenant_id = ripe.tenant_id AND v.id = ripe.id
            RETURNING v.id
        )
        SELECT EXISTS (SELECT FROM marked) OR EXISTS (SELECT FROM webhook_events WHERE status = 'pending' AND due)
        """
    }

    /// The statement that claims. What is not due costs nothing; of tenants with something due it looks at each once, of those that
    /// may have more under way at each host once, and takes of each no more than there is room for.
    package func claim(_ room: DeliveryRoom, at now: Timestamp) -> PostgresQuery {
        """
        WITH RECURSIVE \(Self.open), \(Self.candidates(at: now)), numbered AS (
            SELECT tenant_id, id, next_try, is_failing, turn, row_number() OVER (
                PARTITION BY last_turn > \(DeliveryRoom.share) ORDER BY turn, next_try) AS in_crowd
            FROM ranked WHERE turn <= \(Self.perTenant)
        ), laned AS (
            SELECT tenant_id, id, next_try, is_failing, turn,
                row_number() OVER (PARTITION BY is_failing ORDER BY turn, next_try) AS in_lane
            FROM numbered WHERE turn <= \(DeliveryRoom.share) OR in_crowd <= \(room.crowding)
        ), picked AS (
            SELECT tenant_id, id, is_failing FROM laned
            WHERE in_lane <= CASE WHEN is_failing THEN \(room.failing) ELSE \(room.answering) END
            ORDER BY turn, next_try LIMIT \(room.total)
        ), held AS (
            SELECT v.tenant_id, v.id, p.is_failing
            FROM webhook_events v JOIN picked p ON p.tenant_id = v.tenant_id AND p.id = v.id
            WHERE v.status = 'pending'
            FOR NO KEY UPDATE OF v SKIP LOCKED
        )
        UPDATE webhook_events v
        SET status = 'sending', attempt = attempt + 1, tries = tries + 1, first_try = coalesce(first_try, \(now)),
            fence = nextval('delivery_fences'),
            lease_until = now() + make_interval(secs => \(lease / .seconds(1)))
        FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
        RETURNING v.tenant_id, v.id, v.job_id, v.url, v.origin, v.body, v.attempt, v.tries, v.first_try, v.fence,
            held.is_failing
        """
    }

    /// Hosts where something is due and another try may be begun, each with how many are under way there and of its tenant.
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

    /// Due events, each with its turn: how many of its tenant's would be under way with it, and with the tenant's last.
    private static func candidates(at now: Timestamp) -> PostgresQuery {
        """
        due AS (
            SELECT d.tenant_id, d.id, d.next_try, o.of_tenant, o.is_failing,
                o.sending + row_number() OVER (PARTITION BY o.tenant_id, o.origin ORDER BY d.next_try) AS place
            FROM open o, LATERAL (
                SELECT v.tenant_id, v.id, v.next_try FROM webhook_events v
                WHERE v.status = 'pending' AND v.due AND v.tenant_id = o.tenant_id AND v.origin = o.origin
                    AND v.next_try <= \(now)
                ORDER BY v.next_try LIMIT \(perOrigin) - o.sending) d
        ), ranked AS (
            SELECT tenant_id, id, next_try, is_failing,
                of_tenant + row_number() OVER (PARTITION BY tenant_id ORDER BY place, next_try) AS turn,
                of_tenant + count(*) OVER (PARTITION BY tenant_id) AS last_turn
            FROM due
        )
        """
    }
}

extension ClaimedDelivery {
    init(row: PostgresRow, leaseEnd: ContinuousClock.Instant) throws {
        let isFailing: Bool
        (tenant, event, job, url, origin, body, attempt, tries, firstTry, fence, isFailing) = try row.decode(
            TenantID.self, WebhookEventID.self, JobID.self, String.self, String.self, [UInt8].self, Int.self, Int.self,
            Timestamp.self, Int64.self, Bool.self)
        lane = isFailing ? .failing : .answering
        self.leaseEnd = leaseEnd
    }
}

import Postgres
import Tenancy

extension DeliveryQueue {
    /// The statement that claims. It visits every endpoint that something waits for by one look into the index each, and takes of
    /// each no more than there is room for; how much waits behind costs nothing.
    static func claim(_ lane: DeliveryLane, limit: Int, at now: Timestamp) -> PostgresQuery {
        """
        WITH RECURSIVE waiting AS (
            (SELECT tenant_id, url FROM webhook_events WHERE status = 'pending' ORDER BY tenant_id, url LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.url FROM waiting w, LATERAL (
                SELECT v.tenant_id, v.url FROM webhook_events v
                WHERE v.status = 'pending' AND (v.tenant_id, v.url) > (w.tenant_id, w.url)
                ORDER BY v.tenant_id, v.url LIMIT 1) n
        ), \(candidates(lane, at: now)), picked AS (
            SELECT tenant_id, id FROM ranked WHERE turn <= \(perTenant) ORDER BY turn, next_try LIMIT \(limit)
        ), held AS (
            SELECT v.tenant_id, v.id FROM webhook_events v JOIN picked p ON p.tenant_id = v.tenant_id AND p.id = v.id
            WHERE v.status = 'pending'
            FOR NO KEY UPDATE OF v SKIP LOCKED
        )
        UPDATE webhook_events v
        SET status = 'sending', attempt = attempt + 1, tries = tries + 1, first_try = coalesce(first_try, \(now)),
            fence = nextval('delivery_fences'),
            lease_until = now() + make_interval(secs => \(lease / .seconds(1)))
        FROM held WHERE v.tenant_id = held.tenant_id AND v.id = held.id
        RETURNING v.tenant_id, v.id, v.job_id, v.url, v.body, v.attempt, v.tries, v.first_try, v.fence
        """
    }

    /// Due events, each with its turn: how many of its tenant's would be under way with it.
    private static func candidates(_ lane: DeliveryLane, at now: Timestamp) -> PostgresQuery {
        """
        busy AS (
            SELECT tenant_id, url, count(*) AS sending FROM webhook_events WHERE status = 'sending' GROUP BY 1, 2
        ), busy_tenants AS (
            SELECT tenant_id, sum(sending)::int8 AS sending FROM busy GROUP BY 1
        ), open AS (
            SELECT w.tenant_id, w.url, coalesce(b.sending, 0) AS sending, coalesce(t.sending, 0) AS of_tenant
            FROM waiting w
            JOIN webhook_endpoints e ON e.tenant_id = w.tenant_id AND e.url = w.url
            LEFT JOIN busy b ON b.tenant_id = w.tenant_id AND b.url = w.url
            LEFT JOIN busy_tenants t ON t.tenant_id = w.tenant_id
            WHERE (e.failures_from IS NOT NULL) = \(lane == .failing) AND coalesce(b.sending, 0) < \(perEndpoint)
                AND coalesce(t.sending, 0) < \(perTenant)
        ), due AS (
            SELECT d.tenant_id, d.id, d.next_try, o.of_tenant,
                o.sending + row_number() OVER (PARTITION BY o.tenant_id, o.url ORDER BY d.next_try) AS place
            FROM open o, LATERAL (
                SELECT v.tenant_id, v.id, v.next_try FROM webhook_events v
                WHERE v.status = 'pending' AND v.tenant_id = o.tenant_id AND v.url = o.url AND v.next_try <= \(now)
                ORDER BY v.next_try LIMIT \(perEndpoint) - o.sending) d
        ), ranked AS (
            SELECT tenant_id, id, next_try,
                of_tenant + row_number() OVER (PARTITION BY tenant_id ORDER BY place, next_try) AS turn
            FROM due
        )
        """
    }
}

extension ClaimedDelivery {
    init(row: PostgresRow, lane: DeliveryLane) throws {
        (tenant, event, job, url, body, attempt, tries, firstTry, fence) = try row.decode(
            TenantID.self, WebhookEventID.self, JobID.self, String.self, [UInt8].self, Int.self, Int.self,
            Timestamp.self, Int64.self)
        self.lane = lane
    }
}

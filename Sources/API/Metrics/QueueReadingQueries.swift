import Pipeline
import Postgres

extension QueueReading {
    /// Reads across all accounts, so the transaction must be of `verbatim_system`. The cost depends on the unfinished work alone, not on
    /// the finished: every part can use an index of open rows.
    package static func now(in transaction: PostgresTransaction) throws -> QueueReading {
        var reading = QueueReading()
        if let open = try transaction.first(
            """
            SELECT coalesce(sum(queued_jobs), 0)::int8, coalesce(sum(running_jobs), 0)::int8,
                (SELECT extract(epoch FROM now() - min(t.created_at))::float8
                    FROM tenant_load l
                    JOIN tenants n ON n.id = l.tenant_id
                    JOIN plans p ON p.name = n.plan
                    LEFT JOIN quota_overrides q ON q.tenant_id = l.tenant_id
                    JOIN tasks t ON t.tenant_id = l.tenant_id AND t.status = 'ready' AND t.kind <> 'clean' AND t.starts_job
                    WHERE l.queued_jobs > 0 AND n.status = 'active'
                        AND l.running_jobs < coalesce(q.concurrency, p.concurrency)),
                (SELECT count(*) FROM webhook_events WHERE status = 'pending')
                    + (SELECT count(*) FROM webhook_events WHERE status = 'sending'),
                (SELECT extract(epoch FROM now() - min(next_attempt_at))::float8
                    FROM webhook_events WHERE status = 'pending' AND next_attempt_at <= now()),
                (SELECT coalesce(sum(seconds), 0)::int8 FROM reservations)
            FROM tenant_load WHERE queued_jobs + running_jobs > 0
            """, as: Int64.self, Int64.self, Double?.self, Int64.self, Double?.self, Int64.self)
        {
            (
                reading.jobsWaiting, reading.jobsRunning, reading.oldestWaitSeconds, reading.deliveriesPending,
                reading.deliveryOldestSeconds, reading.reservedSeconds
            ) = open
        }
        let tasks = try transaction.all(
            """
            SELECT kind, state, count(*), count(*) FILTER (WHERE is_long) FROM (
                SELECT kind, CASE WHEN run_after > now() THEN 'later' ELSE 'ready' END AS state, is_long
                    FROM tasks WHERE status = 'ready' AND kind <> 'clean'
                UNION ALL
                SELECT kind, CASE WHEN run_after > now() THEN 'later' ELSE 'ready' END, is_long
                    FROM tasks WHERE status = 'ready' AND kind = 'clean'
                UNION ALL
                SELECT kind, 'running', is_long FROM tasks WHERE status = 'running'
            ) unfinished GROUP BY 1, 2
            """, as: String.self, String.self, Int64.self, Int64.self)
        for (kind, state, count, long) in tasks {
            reading.tasks[Tasks(kind: kind, state: state)] = count
            if kind == "prepare" { reading.longPreparations[state] = long }
        }
        reading.engineRefusals = try RefusedModel.counts(in: transaction)
        return reading
    }
}

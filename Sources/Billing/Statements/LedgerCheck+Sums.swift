import Postgres
import Tenancy

extension LedgerCheck {
    /// Compares the sums by day and by key with the records, and checks that no sum by metadata is more than its records have. (A job may be
    /// missing there, because its metadata was deleted.) Also compares `usage_increases` with the records.
    static func sums(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try differences(
            """
            WITH shares AS (
                SELECT u.tenant_id, u.admission, u.admitted_at, u.key_id, u.accept_overage, u.plan, s.place, s.seconds,
                    coalesce(u.rate_micros_per_minute, 0) AS rate, s.included_seconds, s.place = u.admission AS is_first
                FROM usage u \(Ledger.shares) WHERE u.month = \(month) \(only(tenant, "u.tenant_id"))
            ), expected AS (
                SELECT r.tenant_id, d.dimension, d.value, t.day, r.place / \(UsageSums.blockSize) AS block, r.included_seconds,
                    r.accept_overage, r.rate, r.plan, count(*) FILTER (WHERE is_first) AS jobs, sum(r.seconds) AS seconds
                FROM shares r
                CROSS JOIN LATERAL (SELECT to_char(r.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day) t
                CROSS JOIN LATERAL (
                    VALUES ('day', t.day), ('key', coalesce(r.key_id, ''))
                ) d (dimension, value)
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
            ), kept AS (
                SELECT tenant_id, dimension, value, day, block, included_seconds, accept_overage,
                    rate_micros_per_minute AS rate, plan, jobs, seconds
                FROM usage_sums WHERE month = \(month) \(only(tenant, "tenant_id"))
            ), most AS (
                SELECT tenant_id, day, block, included_seconds, accept_overage, rate, plan, sum(jobs) AS jobs,
                    sum(seconds) AS seconds
                FROM expected WHERE dimension = 'day' GROUP BY 1, 2, 3, 4, 5, 6, 7
            ), labeled AS (
                SELECT tenant_id, dimension, day, block, included_seconds, accept_overage, rate, plan, sum(jobs) AS jobs,
                    sum(seconds) AS seconds
                FROM kept WHERE dimension NOT IN ('day', 'key') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
            )
            SELECT tenant_id,
                format('the sum of %s %s on %s in block %s', dimension, coalesce(nullif(value, ''), 'unknown'), day, block),
                format('%s jobs, %s s', coalesce(e.jobs, 0), coalesce(e.seconds, 0)),
                format('%s jobs, %s s', coalesce(k.jobs, 0), coalesce(k.seconds, 0))
            FROM expected e
            FULL JOIN (SELECT * FROM kept WHERE dimension IN ('day', 'key')) k
                USING (tenant_id, dimension, value, day, block, included_seconds, accept_overage, rate, plan)
            WHERE (e.jobs, e.seconds) IS DISTINCT FROM (k.jobs, k.seconds)
            UNION ALL
            SELECT l.tenant_id, format('the sums of %s on %s in block %s', l.dimension, l.day, l.block),
                format('at most %s jobs, %s s', coalesce(m.jobs, 0), coalesce(m.seconds, 0)),
                format('%s jobs, %s s', l.jobs, l.seconds)
            FROM labeled l
            LEFT JOIN most m USING (tenant_id, day, block, included_seconds, accept_overage, rate, plan)
            WHERE l.jobs > coalesce(m.jobs, 0) OR l.seconds > coalesce(m.seconds, 0)
            UNION ALL
            SELECT coalesce(s.tenant_id, i.tenant_id), format('the increase at place %s', coalesce(s.place, i.place)),
                coalesce('of admission ' || s.admission, 'none'), coalesce('of admission ' || i.admission, 'none')
            FROM (SELECT * FROM shares WHERE NOT is_first) s
            FULL JOIN (SELECT * FROM usage_increases WHERE month = \(month) \(only(tenant, "tenant_id"))) i
                ON i.tenant_id = s.tenant_id AND i.place = s.place
            WHERE s.admission IS DISTINCT FROM i.admission
            ORDER BY 1, 2
            """, transaction)
    }
}

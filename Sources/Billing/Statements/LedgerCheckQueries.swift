import Postgres
import Tenancy

extension LedgerCheck {
    static func only(_ tenant: TenantID?, _ column: PostgresQuery) -> PostgresQuery {
        tenant.map { "AND \(column) = \($0)" } ?? ""
    }

    static func differences(
        _ query: PostgresQuery, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try transaction.all(query, as: TenantID.self, String.self, String.self, String.self).map {
            LedgerDifference(tenant: $0.0, what: $0.1, expected: $0.2, found: $0.3)
        }
    }

    /// Compares the counters of the month with the sums of its records.
    static func counters(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try differences(
            """
            WITH sums AS (
                SELECT tenant_id, sum(used) AS used, sum(reserved) AS reserved, max(admission) AS admission
                FROM (
                    SELECT tenant_id, seconds AS used, 0 AS reserved,
                        greatest(admission, (SELECT max(p) FROM unnest(growth_places) p)) AS admission
                    FROM usage WHERE month = \(month)
                    UNION ALL
                    SELECT tenant_id, 0, seconds, greatest(admission, (SELECT max(p) FROM unnest(growth_places) p))
                    FROM reservations WHERE month = \(month)
                ) held GROUP BY tenant_id
            ), counted AS (
                SELECT m.tenant_id, m.used_seconds, m.reserved_seconds, m.admissions, coalesce(s.used, 0) AS used,
                    coalesce(s.reserved, 0) AS reserved, coalesce(s.admission, 0) AS admission
                FROM usage_months m LEFT JOIN sums s ON s.tenant_id = m.tenant_id
                WHERE m.month = \(month) \(only(tenant, "m.tenant_id"))
            )
            SELECT tenant_id, 'the month''s counter of used seconds', used::text, used_seconds::text
            FROM counted WHERE used_seconds <> used
            UNION ALL
            SELECT tenant_id, 'the month''s counter of reserved seconds', reserved::text, reserved_seconds::text
            FROM counted WHERE reserved_seconds <> reserved
            UNION ALL
            SELECT tenant_id, 'the month''s counter of admissions', admission || ' or more', admissions::text
            FROM counted WHERE admissions < admission
            ORDER BY 1, 2
            """, transaction)
    }

    /// Compares jobs with records and reservations. A completed job has one record of its decoded seconds in the month of its submission. An
    /// unfinished job has one reservation. A failed or cancelled job has neither. A record without a job is fine, because the job may have
    /// been deleted; a reservation without a job is not.
    static func jobs(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try differences(
            """
            WITH named AS (
                SELECT tenant_id, id AS job_id FROM jobs
                WHERE created_at >= \(month.start) AND created_at < \(month.end) AND NOT is_test \(only(tenant, "tenant_id"))
                UNION SELECT tenant_id, job_id FROM usage WHERE month = \(month) \(only(tenant, "tenant_id"))
                UNION SELECT tenant_id, job_id FROM reservations WHERE month = \(month) \(only(tenant, "tenant_id"))
            ), compared AS (
                SELECT n.tenant_id, n.job_id,
                    CASE
                        WHEN j.status = 'completed' THEN format('%s s in the ledger of %s',
                            (j.samples_total + 15999) / 16000, to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM'))
                        WHEN j.status IN ('queued', 'processing') THEN format('a reservation in %s',
                            to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM'))
                        WHEN j.id IS NULL AND u.job_id IS NOT NULL THEN format('%s s in the ledger of %s', u.seconds, u.month)
                        ELSE 'nothing'
                    END AS expected,
                    coalesce(nullif(concat_ws(' and ',
                        CASE WHEN u.job_id IS NOT NULL THEN format('%s s in the ledger of %s', u.seconds, u.month) END,
                        CASE WHEN r.job_id IS NOT NULL THEN format('a reservation in %s', r.month) END), ''), 'nothing'
                    ) AS found
                FROM named n
                LEFT JOIN jobs j ON j.tenant_id = n.tenant_id AND j.id = n.job_id
                LEFT JOIN usage u ON u.tenant_id = n.tenant_id AND u.job_id = n.job_id
                LEFT JOIN reservations r ON r.tenant_id = n.tenant_id AND r.job_id = n.job_id
            )
            SELECT tenant_id, 'job ' || job_id, expected, found FROM compared WHERE expected <> found ORDER BY 1, 2
            """, transaction)
    }

    /// Checks that no two jobs have the same place in the month, that a job's places ascend, and that its increases together are not more
    /// than its seconds.
    static func places(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try differences(
            """
            WITH held AS (
                SELECT tenant_id, job_id, admission, seconds, growth_places, growth_seconds FROM usage
                WHERE month = \(month) \(only(tenant, "tenant_id"))
                UNION ALL
                SELECT tenant_id, job_id, admission, seconds, growth_places, growth_seconds FROM reservations
                WHERE month = \(month) \(only(tenant, "tenant_id"))
            ), taken AS (
                SELECT tenant_id, job_id, unnest(admission || growth_places) AS place FROM held
            )
            SELECT tenant_id, 'the place ' || place, 'one job''s', string_agg(job_id, ' and ' ORDER BY job_id)
            FROM taken GROUP BY tenant_id, place HAVING count(*) > 1
            UNION ALL
            SELECT tenant_id, 'the growth of job ' || job_id, '0 to ' || seconds || ' s', grown || ' s'
            FROM held CROSS JOIN LATERAL (
                SELECT sum(g) AS grown, min(g) AS least FROM unnest(growth_seconds) g) growth
            WHERE grown > seconds OR least <= 0
            UNION ALL
            SELECT tenant_id, 'the places of job ' || job_id, 'in order', (admission || growth_places)::text
            FROM held WHERE (admission || growth_places)
                <> ARRAY(SELECT DISTINCT p FROM unnest(admission || growth_places) p ORDER BY p)
            ORDER BY 1, 2
            """, transaction)
    }

    /// Checks that only closed months have stored statement lines.
    static func strayLines(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [LedgerDifference] {
        try differences(
            """
            SELECT l.tenant_id, 'stored lines of an open month', '0', count(*)::text
            FROM statement_lines l JOIN usage_months m ON m.tenant_id = l.tenant_id AND m.month = l.month
            WHERE l.month = \(month) AND m.closed_at IS NULL \(only(tenant, "l.tenant_id"))
            GROUP BY 1 ORDER BY 1
            """, transaction)
    }

    /// Returns each tenant's sums of the month, its overage by rate, and what that costs.
    static func recompute(
        _ month: BillingMonth, _ tenant: TenantID?, _ transaction: PostgresTransaction
    ) throws -> [TenantID: Recomputed] {
        var months: [TenantID: Recomputed] = [:]
        for (tenant, used, adjustments) in try transaction.all(
            """
            SELECT m.tenant_id,
                coalesce((SELECT sum(u.seconds) FROM usage u WHERE u.tenant_id = m.tenant_id AND u.month = m.month), 0)::int8,
                coalesce((
                    SELECT sum(a.amount_cents) FROM adjustments a WHERE a.tenant_id = m.tenant_id AND a.month = m.month
                ), 0)::int8
            FROM usage_months m WHERE m.month = \(month) \(only(tenant, "m.tenant_id"))
            """, as: TenantID.self, Int64.self, Int64.self)
        {
            months[tenant] = Recomputed(usedSeconds: used, adjustmentsCents: adjustments)
        }
        for (tenant, rate, seconds, cents) in try transaction.all(
            """
            WITH reserved AS (
                SELECT u.tenant_id, u.admission AS place, u.included_seconds, u.accept_overage, u.rate_micros_per_minute,
                    u.seconds - coalesce((SELECT sum(g.seconds) FROM unnest(u.growth_seconds) g (seconds)), 0) AS seconds
                FROM usage u WHERE u.month = \(month) \(only(tenant, "u.tenant_id"))
                UNION ALL
                SELECT u.tenant_id, u.growth_places[n], u.growth_included_seconds[n], u.accept_overage,
                    u.rate_micros_per_minute, u.growth_seconds[n]
                FROM usage u CROSS JOIN generate_subscripts(u.growth_places, 1) n
                WHERE u.month = \(month) \(only(tenant, "u.tenant_id"))
            ), running AS (
                SELECT r.*, sum(r.seconds) OVER (PARTITION BY r.tenant_id ORDER BY r.place) AS total FROM reserved r
            ), sold AS (
                SELECT tenant_id, rate_micros_per_minute AS rate,
                    sum(least(seconds, total - included_seconds)) AS seconds
                FROM running WHERE accept_overage AND seconds > 0 AND total > included_seconds GROUP BY 1, 2
            ), priced AS (
                SELECT *, div(seconds * rate, 600000) AS whole, mod(seconds * rate, 600000) AS rest FROM sold
            )
            SELECT tenant_id, rate, seconds::int8,
                (whole + CASE WHEN rest > 300000 OR (rest = 300000 AND mod(whole, 2) = 1) THEN 1 ELSE 0 END)::int8
            FROM priced ORDER BY 1, 2
            """, as: TenantID.self, Int64.self, Int64.self, Int64.self)
        {
            months[tenant, default: Recomputed()].overage.append(.init(rate: rate, seconds: seconds, cents: cents))
        }
        return months
    }
}

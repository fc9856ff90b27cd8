import Postgres
import Tenancy

extension Allowance {
    /// What `tenant` may do now; nil when there is no such tenant.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> Allowance? {
        try transaction.query(
            """
            SELECT p.name AS plan, coalesce(q.max_file_bytes, p.max_file_bytes) AS max_file_bytes,
                coalesce(q.max_duration_seconds, p.max_duration_seconds)::int8 AS max_duration_seconds, p.queue_class,
                coalesce(q.concurrency, p.concurrency) AS concurrency,
                coalesce(q.monthly_minutes, p.monthly_minutes)::int8 AS monthly_minutes, p.overage_micros_per_minute,
                coalesce(q.overage_enabled, false) AS overage_enabled,
                coalesce(q.queueing_enabled, true) AS queueing_enabled
            FROM tenants t
            JOIN plans p ON p.name = t.plan
            LEFT JOIN quota_overrides q ON q.tenant_id = t.id
            WHERE t.id = \(tenant)
            """
        ).first.map(Allowance.init(row:))
    }

    private init(row: PostgresRow) throws {
        plan = try row.value("plan", PlanName.self)
        maxFileBytes = try row.value("max_file_bytes", Int64.self)
        maxDurationSeconds = try row.value("max_duration_seconds", Int64.self)
        queueClass = try row.value("queue_class", QueueClass.self)
        concurrency = try row.value("concurrency", Int.self)
        monthlyMinutes = try row.value("monthly_minutes", Int64.self)
        overageRate = try row.value("overage_micros_per_minute", Int64?.self)
        isOverageEnabled = try row.value("overage_enabled", Bool.self)
        isQueueingEnabled = try row.value("queueing_enabled", Bool.self)
    }
}

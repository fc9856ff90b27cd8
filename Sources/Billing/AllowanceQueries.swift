import Postgres
import Tenancy

extension Allowance {
    /// What `tenant` may do now; nil when there is no such tenant.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> Allowance? {
        try transaction.first(
            """
            SELECT p.name, coalesce(q.max_file_bytes, p.max_file_bytes),
                coalesce(q.max_duration_seconds, p.max_duration_seconds), p.queue_class
            FROM tenants t
            JOIN plans p ON p.name = t.plan
            LEFT JOIN quota_overrides q ON q.tenant_id = t.id
            WHERE t.id = \(tenant)
            """, as: PlanName.self, Int64.self, Int64.self, QueueClass.self
        ).map { Allowance(plan: $0.0, maxFileBytes: $0.1, maxDurationSeconds: $0.2, queueClass: $0.3) }
    }
}

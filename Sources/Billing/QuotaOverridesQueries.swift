import Postgres
import Tenancy

extension QuotaOverrides {
    /// The tenant's own limits.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> QuotaOverrides {
        try transaction.query(
            """
            SELECT monthly_minutes, max_file_bytes, max_duration_seconds, concurrency, overage_enabled, queueing_enabled
            FROM quota_overrides WHERE tenant_id = \(tenant)
            """
        ).first.map(QuotaOverrides.init(row:)) ?? QuotaOverrides()
    }

    /// Makes those that are given the tenant's; the others stay as they are. Operators only.
    package func set(for tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO quota_overrides AS own (
                tenant_id, monthly_minutes, max_file_bytes, max_duration_seconds, concurrency, overage_enabled,
                queueing_enabled)
            VALUES (
                \(tenant), \(monthlyMinutes), \(maxFileBytes), \(maxDurationSeconds), \(concurrency),
                \(isOverageEnabled), \(isQueueingEnabled))
            ON CONFLICT (tenant_id) DO UPDATE SET
                monthly_minutes = coalesce(excluded.monthly_minutes, own.monthly_minutes),
                max_file_bytes = coalesce(excluded.max_file_bytes, own.max_file_bytes),
                max_duration_seconds = coalesce(excluded.max_duration_seconds, own.max_duration_seconds),
                concurrency = coalesce(excluded.concurrency, own.concurrency),
                overage_enabled = coalesce(excluded.overage_enabled, own.overage_enabled),
                queueing_enabled = coalesce(excluded.queueing_enabled, own.queueing_enabled)
            """)
    }

    /// Lets the plan's limits hold again, of those that are named. Operators only.
    package static func clear(
        _ fields: Set<Field>, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            UPDATE quota_overrides SET
                monthly_minutes = CASE WHEN NOT \(fields.contains(.monthlyMinutes)) THEN monthly_minutes END,
                max_file_bytes = CASE WHEN NOT \(fields.contains(.maxFileBytes)) THEN max_file_bytes END,
                max_duration_seconds = CASE WHEN NOT \(fields.contains(.maxDurationSeconds)) THEN max_duration_seconds END,
                concurrency = CASE WHEN NOT \(fields.contains(.concurrency)) THEN concurrency END,
                overage_enabled = CASE WHEN NOT \(fields.contains(.overage)) THEN overage_enabled END,
                queueing_enabled = CASE WHEN NOT \(fields.contains(.queueing)) THEN queueing_enabled END
            WHERE tenant_id = \(tenant)
            """)
    }

    private init(row: PostgresRow) throws {
        (monthlyMinutes, maxFileBytes, maxDurationSeconds, concurrency, isOverageEnabled, isQueueingEnabled) =
            try row.decode(Int64?.self, Int64?.self, Int64?.self, Int64?.self, Bool?.self, Bool?.self)
    }
}

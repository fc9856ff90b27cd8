import Postgres
import Tenancy

extension EffectiveLimits {
    /// Returns the limits that apply to `tenant` now; nil if there is no such tenant.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> EffectiveLimits? {
        try transaction.query(
            "SELECT p.name AS plan, p.queue_class, p.overage_micros_per_minute, \(limits(of: tenant))"
        ).first.map(EffectiveLimits.init(row:))
    }

    /// A query for the limits and switches that apply to `tenant` now: one row, with the same column names as the tables.
    package static func limitsQuery(of tenant: TenantID) -> PostgresQuery { "SELECT \(limits(of: tenant))" }

    private static func limits(of tenant: TenantID) -> PostgresQuery {
        """
        \(columns)
        FROM tenants t
        JOIN plans p ON p.name = t.plan
        LEFT JOIN quota_overrides q ON q.tenant_id = t.id
        LEFT JOIN account_limits a ON a.tenant_id = t.id
        WHERE t.id = \(tenant)
        """
    }

    private static let columns = PostgresQuery(
        unescaped: (Limit.allCases.map { "coalesce(q.\($0.column), p.\($0.column)) AS \($0.column)" }
            + AccountSwitch.allCases.map { "coalesce(q.\($0.column), \($0.isOnByDefault)) AS \($0.column)" }
            + ["least(q.overage_cap_cents, a.overage_cap_cents) AS overage_cap_cents"])
            .joined(separator: ", "))

    private init(row: PostgresRow) throws {
        plan = try row.value("plan")
        queuePriority = try row.value("queue_class")
        overageRate = try row.value("overage_micros_per_minute")
        overageCapCents = try row.value("overage_cap_cents")
        limits = try LimitValues { try row.value($0.column.description) }
        switches = Set(try AccountSwitch.allCases.filter { try row.value($0.column.description) })
    }
}

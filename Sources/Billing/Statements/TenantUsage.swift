import Postgres
import Tenancy

/// What a tenant has used in a month, for the tenant to see.
package struct TenantUsage: Sendable, Equatable {
    package let plan: PlanName
    package let includedMinutes: Int64
    package let usedSeconds: Int64
    /// Seconds that unfinished jobs hold.
    package let reservedSeconds: Int64
    package let overageSeconds: Int64
    /// The price of the overage, without adjustments.
    package let overageCents: Int64
    package let effectiveLimits: EffectiveLimits
    package let runningJobs: Int
    package let waitingJobs: Int
    /// What was used by day, key or metadata; nil if that was not asked for.
    package let groups: [UsageGroup]?

    /// What is left of the month's quota.
    package var leftSeconds: Int64 { max(0, includedMinutes * 60 - usedSeconds - reservedSeconds) }

    /// Reads all figures in one snapshot. Nil if there is no such tenant.
    ///
    /// - Parameter byDay: whether the groups have ``UsageGroup/days``.
    package static func of(
        _ tenant: TenantID, month: BillingMonth, groupedBy grouping: UsageGrouping? = nil, byDay: Bool = false,
        at now: Timestamp = .now(), on pool: PostgresPool
    ) async throws -> TenantUsage? {
        try await pool.transaction(of: tenant, isolation: .repeatableRead) {
            try TenantUsage.of(tenant, month: month, groupedBy: grouping, byDay: byDay, at: now, in: $0)
        }
    }

    private static func of(
        _ tenant: TenantID, month: BillingMonth, groupedBy grouping: UsageGrouping?, byDay: Bool, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws -> TenantUsage? {
        guard let effectiveLimits = try EffectiveLimits.of(tenant, in: transaction) else { return nil }
        let statement = try Statement.of(tenant, month: month, at: now, in: transaction)
        let state = try UsageMonth.of(month, tenant: tenant, in: transaction)
        let load = try transaction.first(
            "SELECT running_jobs, queued_jobs FROM tenant_load WHERE tenant_id = \(tenant)", as: Int.self, Int.self)
        return TenantUsage(
            plan: statement?.closedAt == nil
                ? effectiveLimits.plan : statement?.lines.first?.plan ?? effectiveLimits.plan,
            includedMinutes: statement?.includedMinutes ?? effectiveLimits.monthlyMinutes,
            usedSeconds: state.used, reservedSeconds: state.reserved,
            overageSeconds: statement?.overageSeconds ?? 0, overageCents: statement?.amountCents ?? 0,
            effectiveLimits: effectiveLimits, runningJobs: load?.0 ?? 0, waitingJobs: load?.1 ?? 0,
            groups: try grouping.map {
                try UsageGroup.all(of: month, tenant: tenant, by: $0, byDay: byDay, in: transaction)
            })
    }
}

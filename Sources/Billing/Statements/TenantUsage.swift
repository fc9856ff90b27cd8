import Postgres
import Tenancy

/// How a tenant stands in a month, as it may see it itself.
package struct TenantUsage: Sendable, Equatable {
    package let plan: PlanName
    package let includedMinutes: Int64
    package let usedSeconds: Int64
    /// Held by unfinished jobs.
    package let reservedSeconds: Int64
    package let overageSeconds: Int64
    /// Before adjustments.
    package let overageCents: Int64
    package let effectiveLimits: EffectiveLimits
    package let runningJobs: Int
    package let waitingJobs: Int

    /// What of the month neither is used nor held.
    package var leftSeconds: Int64 { max(0, includedMinutes * 60 - usedSeconds - reservedSeconds) }

    /// As it is at one moment: all figures are of one picture. Nil when there is no such tenant.
    package static func of(
        _ tenant: TenantID, month: BillingMonth, at now: Timestamp = .now(), on pool: PostgresPool
    ) async throws -> TenantUsage? {
        try await pool.transaction(of: tenant, isolation: .repeatableRead) {
            try TenantUsage.of(tenant, month: month, at: now, in: $0)
        }
    }

    private static func of(
        _ tenant: TenantID, month: BillingMonth, at now: Timestamp, in transaction: PostgresTransaction
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
            effectiveLimits: effectiveLimits, runningJobs: load?.0 ?? 0, waitingJobs: load?.1 ?? 0)
    }
}

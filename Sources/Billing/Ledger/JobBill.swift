import Postgres
import Tenancy

/// What one job costs its account: the terms of its admission, and how much of it is overage.
package struct JobBill: Sendable, Equatable {
    package let month: BillingMonth
    package let plan: PlanName
    package let acceptsOverage: Bool
    /// The price of overage, in micro-dollars a minute; nil if the plan sold none.
    package let rate: Int64?
    /// How many of the billed seconds are overage; nil until the job has completed. It can fall while the month is open: if an earlier job fails.
    package let overageSeconds: Int64?

    /// Returns the bill of a tenant's job; nil if the job failed or was cancelled, because it then holds no seconds and was not billed.
    package static func of(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> JobBill? {
        let terms = try transaction.first(
            """
            SELECT month, plan, accept_overage, rate_micros_per_minute, true FROM usage
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            UNION ALL
            SELECT month, plan, accept_overage, rate_micros_per_minute, false FROM reservations
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            """, as: BillingMonth.self, PlanName.self, Bool.self, Int64?.self, Bool.self)
        guard let (month, plan, acceptsOverage, rate, isSettled) = terms else { return nil }
        let overage = try isSettled ? overage(of: job, in: month, of: tenant, in: transaction) : nil
        return JobBill(
            month: month, plan: plan, acceptsOverage: acceptsOverage, rate: rate, overageSeconds: overage)
    }

    private static func overage(
        of job: some TypedID, in month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Int64? {
        try transaction.first(
            """
            WITH running AS (
                SELECT u.job_id, u.accept_overage, s.seconds, s.included_seconds, sum(s.seconds) OVER (ORDER BY s.place) AS total
                FROM usage u \(Ledger.shares) WHERE u.tenant_id = \(tenant) AND u.month = \(month)
            )
            SELECT coalesce(sum(least(seconds, total - included_seconds))
                FILTER (WHERE accept_overage AND total > included_seconds), 0)::int8
            FROM running WHERE job_id = \(job)
            """, as: Int64.self)
    }
}

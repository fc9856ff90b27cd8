import Postgres
import Tenancy

/// What a month's records add up to.
package struct LedgerTotals: Sendable {
    /// The overage at one rate, and the plan that has this rate.
    package struct Overage: Sendable, Equatable {
        package var seconds: Int64
        package var plan: PlanName
    }

    private var meter = OverageMeter()
    /// The overage by rate, in micro-dollars a minute.
    package private(set) var overage: [Int64: Overage] = [:]

    package init() {}

    init(usedSeconds: Int64, overage: [Int64: Overage]) {
        meter = OverageMeter(usedSeconds: usedSeconds)
        self.overage = overage
    }

    package var usedSeconds: Int64 { meter.usedSeconds }

    /// Adds the next share of a usage record. Shares must come in the order in which their seconds were reserved.
    package mutating func add(_ share: LedgerShare) {
        let (seconds, entry) = (meter.add(share), share.entry)
        guard seconds > 0, let rate = entry.rate else { return }
        overage[rate, default: Overage(seconds: 0, plan: entry.plan)].seconds += seconds
        overage[rate]?.plan = entry.plan
    }
}

extension LedgerTotals {
    /// Returns the totals of one tenant's month, added up by the database. ``add(_:)`` comes to the same totals, record by record.
    static func of(
        _ month: BillingMonth, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> LedgerTotals {
        let used = try transaction.first(
            "SELECT coalesce(sum(seconds), 0)::int8 FROM usage WHERE tenant_id = \(tenant) AND month = \(month)",
            as: Int64.self)
        let overage = try transaction.all(
            """
            WITH running AS (
                SELECT s.place, u.plan, s.seconds, s.included_seconds, u.accept_overage,
                    u.rate_micros_per_minute AS rate, sum(s.seconds) OVER (ORDER BY s.place) AS total
                FROM usage u \(Ledger.shares) WHERE u.tenant_id = \(tenant) AND u.month = \(month)
            )
            SELECT rate, sum(least(seconds, total - included_seconds))::int8,
                (array_agg(plan ORDER BY place DESC))[1]
            FROM running WHERE accept_overage AND seconds > 0 AND total > included_seconds GROUP BY rate
            """, as: Int64.self, Int64.self, PlanName.self)
        return LedgerTotals(
            usedSeconds: used ?? 0,
            overage: Dictionary(uniqueKeysWithValues: overage.map { ($0.0, Overage(seconds: $0.1, plan: $0.2)) }))
    }
}

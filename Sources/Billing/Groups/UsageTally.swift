import Postgres
import Tenancy

/// Jobs, seconds and overage, added up.
struct UsageTally: Sendable, Equatable {
    /// The overage at one rate.
    struct Overage: Sendable, Equatable {
        var seconds: Int64 = 0
        /// The plan of the last share with this rate, and that share's place.
        var plan: PlanName
        var place: Int64
    }

    var jobs: Int64 = 0
    var seconds: Int64 = 0
    /// By rate, in micro-dollars a minute.
    private(set) var overage: [Int64: Overage] = [:]

    mutating func add(overage seconds: Int64, rate: Int64, plan: PlanName, place: Int64) {
        guard seconds > 0 else { return }
        var sum = overage[rate] ?? Overage(plan: plan, place: place)
        sum.seconds += seconds
        if place >= sum.place { (sum.plan, sum.place) = (plan, place) }
        overage[rate] = sum
    }

    mutating func add(_ other: UsageTally) {
        jobs += other.jobs
        seconds += other.seconds
        for (rate, part) in other.overage { add(overage: part.seconds, rate: rate, plan: part.plan, place: part.place) }
    }

    mutating func subtract(_ other: UsageTally) {
        jobs -= other.jobs
        seconds -= other.seconds
        for (rate, part) in other.overage { overage[rate]?.seconds -= part.seconds }
    }

    var overageSeconds: Int64 { overage.values.reduce(0) { $0 + $1.seconds } }
}

extension LedgerTotals {
    /// Returns the totals of one tenant's month from the sums that are kept. ``add(_:)`` comes to the same totals, record by record. The
    /// transaction must be repeatable read, or have locked the month.
    static func of(
        _ month: BillingMonth, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> LedgerTotals {
        LedgerTotals(try UsageBlocks(of: month, tenant: tenant, in: transaction).total)
    }

    init(_ tally: UsageTally) {
        self.init(
            usedSeconds: tally.seconds,
            overage: tally.overage.mapValues { Overage(seconds: $0.seconds, plan: $0.plan) })
    }
}

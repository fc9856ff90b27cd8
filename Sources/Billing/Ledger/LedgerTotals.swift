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

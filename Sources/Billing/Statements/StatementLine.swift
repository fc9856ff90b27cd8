import Tenancy

/// One line of a statement: overage at one rate. The first line also has what a month has once.
package struct StatementLine: Sendable, Equatable {
    /// From 1.
    package let number: Int
    /// The plan that has this rate: the one under which the overage was sold; without overage, the tenant's plan.
    package let plan: PlanName
    package let includedMinutes: Int64
    package let usedSeconds: Int64
    package let overageSeconds: Int64
    /// Micro-dollars a minute; nil if the plan sells no overage and there is none.
    package let rate: Int64?
    package let amountCents: Int64
    package let adjustmentsCents: Int64

    package init(
        number: Int, plan: PlanName, includedMinutes: Int64, usedSeconds: Int64, overageSeconds: Int64, rate: Int64?,
        amountCents: Int64, adjustmentsCents: Int64
    ) {
        self.number = number
        self.plan = plan
        self.includedMinutes = includedMinutes
        self.usedSeconds = usedSeconds
        self.overageSeconds = overageSeconds
        self.rate = rate
        self.amountCents = amountCents
        self.adjustmentsCents = adjustmentsCents
    }

    package var totalCents: Int64 { amountCents + adjustmentsCents }
}

import Postgres
import Tenancy

/// What a tenant owes for a month: one line per rate. The sums of the lines are the statement's totals.
///
/// The first line has what a month has once: the included minutes, the used seconds and the adjustments. Further lines, for overage at other
/// rates, have 0 there. The statement of an open month says what would be owed if the month were closed now.
package struct Statement: Sendable, Equatable {
    package let tenant: TenantID
    package let month: BillingMonth
    /// When the month was closed; nil while it is open.
    package let closedAt: Timestamp?
    package let lines: [StatementLine]

    package init(tenant: TenantID, month: BillingMonth, closedAt: Timestamp?, lines: [StatementLine]) {
        self.tenant = tenant
        self.month = month
        self.closedAt = closedAt
        self.lines = lines
    }

    /// Computes the statement of an open month from its records. Throws ``MoneyOverflow``.
    package init(
        tenant: TenantID, month: BillingMonth, terms: Terms, totals: LedgerTotals, adjustmentsCents: Int64
    ) throws {
        self.init(
            tenant: tenant, month: month, closedAt: nil,
            lines: try Self.lines(terms: terms, totals: totals, adjustmentsCents: adjustmentsCents))
    }

    /// The terms that the statement of an open month shows.
    package struct Terms: Sendable, Equatable {
        package let plan: PlanName
        package let monthlyMinutes: Int64
        package let rate: Int64?

        package init(plan: PlanName, monthlyMinutes: Int64, rate: Int64?) {
            self.plan = plan
            self.monthlyMinutes = monthlyMinutes
            self.rate = rate
        }
    }

    /// One line per rate, the lowest rate first. Without overage, one line at the plan's rate.
    private static func lines(
        terms: Terms, totals: LedgerTotals, adjustmentsCents: Int64
    ) throws -> [StatementLine] {
        guard !totals.overage.isEmpty else {
            return [
                StatementLine(
                    number: 1, plan: terms.plan, includedMinutes: terms.monthlyMinutes, usedSeconds: totals.usedSeconds,
                    overageSeconds: 0, rate: terms.rate, amountCents: 0, adjustmentsCents: adjustmentsCents)
            ]
        }
        return try totals.overage.sorted { $0.key < $1.key }.enumerated().map { index, overage in
            let isFirst = index == 0
            return StatementLine(
                number: index + 1, plan: overage.value.plan, includedMinutes: isFirst ? terms.monthlyMinutes : 0,
                usedSeconds: isFirst ? totals.usedSeconds : 0, overageSeconds: overage.value.seconds,
                rate: overage.key, amountCents: try Money.cents(seconds: overage.value.seconds, rate: overage.key),
                adjustmentsCents: isFirst ? adjustmentsCents : 0)
        }
    }

    package var includedMinutes: Int64 { lines.reduce(0) { $0 + $1.includedMinutes } }
    package var usedSeconds: Int64 { lines.reduce(0) { $0 + $1.usedSeconds } }
    package var overageSeconds: Int64 { lines.reduce(0) { $0 + $1.overageSeconds } }
    package var amountCents: Int64 { lines.reduce(0) { $0 + $1.amountCents } }
    package var adjustmentsCents: Int64 { lines.reduce(0) { $0 + $1.adjustmentsCents } }
    package var totalCents: Int64 { lines.reduce(0) { $0 + $1.totalCents } }
}

import Postgres
import Tenancy

/// What a job of some length would use and cost now. It promises nothing: other jobs may come first.
package struct JobEstimate: Sendable, Equatable {
    /// How many of the seconds the month still includes.
    package let includedSeconds: Int64
    package let overageSeconds: Int64
    package let overageCents: Int64
    /// What the month has left of its included seconds.
    package let leftSeconds: Int64
    /// The limit that the job exceeds; nil: it would be accepted.
    package let limit: QuotaLimit?
    /// Whether the job would be accepted with overage.
    package let isOverageAllowed: Bool

    /// - Parameter seconds: how long the recording is; nil if nobody knows. Such a job needs room for one second.
    package static func of(
        seconds: Int64?, tenant: TenantID, submitter: Submitter?, effectiveLimits: EffectiveLimits, acceptOverage: Bool,
        at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> JobEstimate {
        let month = BillingMonth(of: now)
        let state = try UsageMonth.of(month, tenant: tenant, in: transaction)
        let left = max(0, effectiveLimits.includedSeconds - state.used - state.reserved)
        var refusal: (limit: QuotaLimit, isOverageAllowed: Bool)?
        do {
            try Reservation.checkRoom(
                in: month, state, of: tenant, for: submitter, seconds: seconds, effectiveLimits: effectiveLimits,
                acceptOverage: acceptOverage, in: transaction)
        } catch ReservationError.quotaExceeded(let limit, let isOverageAllowed) {
            refusal = (limit, isOverageAllowed)
        }
        let length = seconds ?? 0
        let overage = max(0, length - left)
        let isSold = effectiveLimits.sellsOverage
        return JobEstimate(
            includedSeconds: min(length, left), overageSeconds: overage,
            overageCents: isSold ? try Money.cents(seconds: overage, rate: effectiveLimits.overageRate ?? 0) : 0,
            leftSeconds: left, limit: refusal?.limit, isOverageAllowed: refusal?.isOverageAllowed ?? false)
    }
}

import Postgres
import Tenancy

/// What an unfinished job holds of its tenant's month, and on which terms: those of its admission.
///
/// A reservation ends once: ``settle(_:of:seconds:in:)`` makes it the job's one record in the ledger, ``release(_:of:in:)`` gives it back.
/// All of them lock the tenant's month first, so that any number of simultaneous calls never oversells it.
package enum Reservation {
    /// Reserves a job's seconds in the month of `now`. Its place in the month's order of admission is the next one.
    ///
    /// - Parameters:
    ///   - seconds: nil when it is not known yet how long the source is: nothing is held then, but there must be something left.
    ///   - acceptOverage: what goes beyond the month is bought, where the account sells it.
    package static func make(
        for job: some TypedID, of tenant: TenantID, seconds: Int64?, allowance: Allowance, acceptOverage: Bool,
        at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let month = BillingMonth(of: now)
        try MonthState.begin(month, of: tenant, in: transaction)
        let state = try MonthState.lock(month, of: tenant, in: transaction)
        guard !state.isClosed else { throw ReservationError.monthClosed(month) }
        let sold = acceptOverage && allowance.sellsOverage
        if !sold {
            let left = allowance.includedSeconds - state.used - state.reserved
            guard seconds.map({ $0 <= left }) ?? (left > 0) else {
                throw ReservationError.quotaExceeded(overageAllowed: allowance.sellsOverage)
            }
        }
        try transaction.execute(
            """
            UPDATE usage_months SET admissions = admissions + 1, reserved_seconds = reserved_seconds + \(seconds ?? 0)
            WHERE tenant_id = \(tenant) AND month = \(month)
            """)
        try transaction.execute(
            """
            INSERT INTO reservations (
                tenant_id, job_id, month, admission, seconds, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at)
            VALUES (
                \(tenant), \(job), \(month), \(state.admissions + 1), \(seconds ?? 0), \(allowance.plan),
                \(allowance.includedSeconds), \(sold), \(allowance.overageRate), \(now))
            """)
    }

    /// Makes what a job holds what it needs, now that its seconds are known: gives the rest back, or reserves what is missing. What goes
    /// beyond the month goes behind all that was admitted meanwhile, for which the month's minutes were promised: else neither would
    /// pay for what both need.
    ///
    /// Throws ``ReservationError/quotaExceeded(overageAllowed:)`` when that does not fit, on the terms of its admission.
    package static func resize(
        _ job: some TypedID, of tenant: TenantID, to seconds: Int64, in transaction: PostgresTransaction
    ) throws {
        let (held, month) = try held(job, of: tenant, in: transaction)
        let isBeyond = seconds > held.seconds && month.used + month.reserved - held.seconds + seconds > held.included
        guard !isBeyond || held.acceptsOverage else { throw ReservationError.quotaExceeded(overageAllowed: false) }
        try transaction.execute(
            """
            UPDATE reservations SET seconds = \(seconds),
                admission = CASE WHEN \(isBeyond) THEN \(month.admissions + 1) ELSE admission END
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            """)
        try transaction.execute(
            """
            UPDATE usage_months
            SET reserved_seconds = reserved_seconds + \(seconds - held.seconds), admissions = admissions + \(isBeyond ? 1 : 0)
            WHERE tenant_id = \(tenant) AND month = \(held.month)
            """)
    }

    /// Turns what the completed job holds into its record in the ledger, of so many seconds.
    package static func settle(
        _ job: some TypedID, of tenant: TenantID, seconds: Int64, in transaction: PostgresTransaction
    ) throws {
        let (held, _) = try held(job, of: tenant, in: transaction)
        let rows = try transaction.execute(
            """
            WITH ended AS (
                DELETE FROM reservations WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING *
            )
            INSERT INTO usage (
                tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at)
            SELECT tenant_id, month, admission, job_id, \(seconds)::int8, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at
            FROM ended
            """)
        guard rows == 1 else { throw ReservationError.noneHeld }
        try transaction.execute(
            """
            UPDATE usage_months
            SET reserved_seconds = reserved_seconds - \(held.seconds), used_seconds = used_seconds + \(seconds)
            WHERE tenant_id = \(tenant) AND month = \(held.month)
            """)
    }

    /// Gives back what a failed or cancelled job holds.
    package static func release(_ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let (held, _) = try held(job, of: tenant, in: transaction)
        try transaction.execute("DELETE FROM reservations WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute(
            """
            UPDATE usage_months SET reserved_seconds = reserved_seconds - \(held.seconds)
            WHERE tenant_id = \(tenant) AND month = \(held.month)
            """)
    }

    private struct Held {
        let month: BillingMonth
        let seconds, included: Int64
        let acceptsOverage: Bool
    }

    /// What the job holds, and its month, locked. The caller holds the job's row, so nobody else ends the reservation meanwhile.
    private static func held(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> (Held, MonthState) {
        guard
            let held = try transaction.first(
                """
                SELECT month, seconds, included_seconds, accept_overage FROM reservations
                WHERE tenant_id = \(tenant) AND job_id = \(job)
                """, as: BillingMonth.self, Int64.self, Int64.self, Bool.self
            ).map({ Held(month: $0.0, seconds: $0.1, included: $0.2, acceptsOverage: $0.3) })
        else { throw ReservationError.noneHeld }
        return (held, try MonthState.lock(held.month, of: tenant, in: transaction))
    }
}

package enum ReservationError: Error, Equatable {
    /// The month's minutes do not cover the job; with `overageAllowed` they would if the customer accepted overage.
    case quotaExceeded(overageAllowed: Bool)
    /// The clock of this node lies in a month whose bill is written already.
    case monthClosed(BillingMonth)
    /// The job holds nothing, or no longer.
    case noneHeld
}

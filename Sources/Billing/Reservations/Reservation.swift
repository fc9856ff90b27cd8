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
        for job: some TypedID, of tenant: TenantID, seconds: Int64?, effectiveLimits: EffectiveLimits,
        acceptOverage: Bool,
        at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let month = BillingMonth(of: now)
        try UsageMonth.begin(month, of: tenant, in: transaction)
        let state = try UsageMonth.lock(month, of: tenant, in: transaction)
        guard !state.isClosed else { throw ReservationError.monthClosed(month) }
        let sold = acceptOverage && effectiveLimits.sellsOverage
        if !sold {
            let left = effectiveLimits.includedSeconds - state.used - state.reserved
            guard seconds.map({ $0 <= left }) ?? (left > 0) else {
                throw ReservationError.quotaExceeded(overageAllowed: effectiveLimits.sellsOverage)
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
                \(tenant), \(job), \(month), \(state.admissions + 1), \(seconds ?? 0), \(effectiveLimits.plan),
                \(effectiveLimits.includedSeconds), \(sold), \(effectiveLimits.overageRate), \(now))
            """)
    }

    /// Makes what a job holds what it needs, now that its seconds are known: gives the rest back, or reserves what is missing.
    ///
    /// What it held keeps its place. What is missing gets a place of its own behind all that was admitted meanwhile, for which the month's
    /// minutes were promised; it is covered by what the month includes now, or by what it included at the job's admission, whichever is
    /// more. So nothing that was covered when it was reserved ever becomes overage: only the growth can.
    ///
    /// Throws ``ReservationError/quotaExceeded(overageAllowed:)`` when the growth fits neither, and no overage was agreed on at admission.
    package static func resize(
        _ job: some TypedID, of tenant: TenantID, to seconds: Int64, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws {
        var (held, month) = try held(job, of: tenant, in: transaction)
        let growth = seconds - held.seconds
        if growth > 0 {
            let included = max(held.included, try included(in: held.month, of: tenant, at: now, in: transaction))
            guard held.acceptsOverage || month.used + month.reserved + growth <= included else {
                throw ReservationError.quotaExceeded(overageAllowed: false)
            }
            held.increases.add(growth, at: month.admissions + 1, included: included)
        } else {
            held.increases.giveBack(-growth)
        }
        let increases = held.increases
        try transaction.execute(
            """
            UPDATE reservations
            SET seconds = \(seconds), growth_places = \(increases.places), growth_seconds = \(increases.seconds),
                growth_included_seconds = \(increases.included)
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            """)
        try transaction.execute(
            """
            UPDATE usage_months
            SET reserved_seconds = reserved_seconds + \(growth), admissions = admissions + \(growth > 0 ? 1 : 0)
            WHERE tenant_id = \(tenant) AND month = \(held.month)
            """)
    }

    /// What the month includes, in seconds: as its tenant's plan has it now; of a month that is over, as its last admission had it.
    private static func included(
        in month: BillingMonth, of tenant: TenantID, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Int64 {
        guard now >= month.end else { return try EffectiveLimits.of(tenant, in: transaction)?.includedSeconds ?? 0 }
        return try transaction.first(
            """
            SELECT included_seconds FROM (
                SELECT admission, included_seconds FROM usage WHERE tenant_id = \(tenant) AND month = \(month)
                UNION ALL
                SELECT admission, included_seconds FROM reservations WHERE tenant_id = \(tenant) AND month = \(month)
            ) admitted ORDER BY admission DESC LIMIT 1
            """, as: Int64.self) ?? 0
    }

    /// Turns what the completed job holds into its record in the ledger, of so many seconds: what it holds, or fewer.
    package static func settle(
        _ job: some TypedID, of tenant: TenantID, seconds: Int64, in transaction: PostgresTransaction
    ) throws {
        let (held, _) = try held(job, of: tenant, in: transaction)
        var increases = held.increases
        increases.giveBack(max(0, held.seconds - seconds))
        let rows = try transaction.execute(
            """
            WITH ended AS (
                DELETE FROM reservations WHERE tenant_id = \(tenant) AND job_id = \(job) RETURNING *
            )
            INSERT INTO usage (
                tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at, growth_places, growth_seconds, growth_included_seconds)
            SELECT tenant_id, month, admission, job_id, \(seconds)::int8, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at, \(increases.places), \(increases.seconds), \(increases.included)
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
        var increases: ReservationIncreases
    }

    /// What the job holds, and its month, locked. The caller holds the job's row, so nobody else ends the reservation meanwhile.
    private static func held(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> (Held, UsageMonth) {
        guard
            let held = try transaction.first(
                """
                SELECT month, seconds, included_seconds, accept_overage, growth_places, growth_seconds,
                    growth_included_seconds
                FROM reservations WHERE tenant_id = \(tenant) AND job_id = \(job)
                """, as: BillingMonth.self, Int64.self, Int64.self, Bool.self, [Int64].self, [Int64].self, [Int64].self
            ).map({
                Held(
                    month: $0.0, seconds: $0.1, included: $0.2, acceptsOverage: $0.3,
                    increases: ReservationIncreases(places: $0.4, seconds: $0.5, included: $0.6))
            })
        else { throw ReservationError.noneHeld }
        return (held, try UsageMonth.lock(held.month, of: tenant, in: transaction))
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

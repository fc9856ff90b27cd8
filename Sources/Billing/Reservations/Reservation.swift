import Postgres
import Tenancy

/// The seconds that an unfinished job holds of its tenant's month, and the terms of its admission.
///
/// A reservation ends once: ``settle(_:of:seconds:in:)`` turns it into the job's usage record, ``release(_:of:in:)`` gives it back. All of
/// these functions lock the tenant's month first, so that simultaneous calls never oversell it.
package enum Reservation {
    /// Reserves a job's seconds in the month of `now`, at the next place in the month's order.
    ///
    /// - Parameters:
    ///   - submitter: who submits it; nil if that is unknown.
    ///   - seconds: how long the recording is. Nil if that is not known yet: then nothing is held, but the month must have something left.
    ///   - acceptOverage: whether the customer buys overage, if the account may.
    /// - Throws: ``ReservationError/quotaExceeded(_:overageAllowed:)``, ``ReservationError/monthClosed(_:)``.
    package static func make(
        for job: some TypedID, of tenant: TenantID, by submitter: Submitter?, seconds: Int64?,
        effectiveLimits: EffectiveLimits,
        acceptOverage: Bool, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let month = BillingMonth(of: now)
        try UsageMonth.begin(month, of: tenant, in: transaction)
        let state = try UsageMonth.lock(month, of: tenant, in: transaction)
        guard !state.isClosed else { throw ReservationError.monthClosed(month) }
        let sold = acceptOverage && effectiveLimits.sellsOverage
        try checkRoom(
            in: month, state, of: tenant, for: submitter, seconds: seconds, effectiveLimits: effectiveLimits,
            acceptOverage: acceptOverage, in: transaction)
        try transaction.execute(
            """
            UPDATE usage_months SET admissions = admissions + 1, reserved_seconds = reserved_seconds + \(seconds ?? 0)
            WHERE tenant_id = \(tenant) AND month = \(month)
            """)
        try transaction.execute(
            """
            INSERT INTO reservations (
                tenant_id, job_id, month, admission, seconds, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at, key_id)
            VALUES (
                \(tenant), \(job), \(month), \(state.admissions + 1), \(seconds ?? 0), \(effectiveLimits.plan),
                \(effectiveLimits.includedSeconds), \(sold), \(effectiveLimits.overageRate), \(now), \(submitter))
            """)
    }

    /// Throws ``ReservationError/quotaExceeded(_:overageAllowed:)`` unless a new job of `seconds` fits into the month. If they are nil, the month
    /// must have a second left.
    static func checkRoom(
        in month: BillingMonth, _ state: UsageMonth, of tenant: TenantID, for submitter: Submitter?, seconds: Int64?,
        effectiveLimits: EffectiveLimits, acceptOverage: Bool, in transaction: PostgresTransaction
    ) throws {
        func exceeded(sellingOverage: Bool) throws -> QuotaLimit? {
            let terms = MonthRoom.Terms(
                tenant: tenant, month: month, submitter: submitter, includedSeconds: effectiveLimits.includedSeconds,
                overageRate: sellingOverage ? effectiveLimits.overageRate : nil,
                overageCapCents: effectiveLimits.overageCapCents)
            return try MonthRoom.of(terms, in: state, for: seconds, in: transaction).exceeded(by: seconds)
        }
        let isSold = acceptOverage && effectiveLimits.sellsOverage
        guard let limit = try exceeded(sellingOverage: isSold) else { return }
        let isOffered = !isSold && effectiveLimits.sellsOverage
        throw ReservationError.quotaExceeded(
            limit, overageAllowed: isOffered ? try exceeded(sellingOverage: true) == nil : false)
    }

    /// Throws ``ReservationError/quotaExceeded(_:overageAllowed:)`` if the month has no room now for a job of an unknown length. Others may reserve
    /// meanwhile, because nothing is locked; ``make(for:of:by:seconds:effectiveLimits:acceptOverage:at:in:)`` decides.
    package static func checkRoom(
        of tenant: TenantID, for submitter: Submitter?, effectiveLimits: EffectiveLimits, acceptOverage: Bool,
        at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        let month = BillingMonth(of: now)
        try checkRoom(
            in: month, try UsageMonth.of(month, tenant: tenant, in: transaction), of: tenant, for: submitter,
            seconds: nil,
            effectiveLimits: effectiveLimits, acceptOverage: acceptOverage, in: transaction)
    }

    /// Returns how long a recording an unfinished job can pay for now: with what it holds, and what its month has left. The month's quota is the
    /// one of now or of the job's admission, whichever is more. Other jobs may reserve seconds afterward, because nothing is locked;
    /// ``resize(_:of:to:at:in:)`` decides.
    ///
    /// - Throws: ``ReservationError/noneHeld``.
    package static func room(
        for job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> MonthRoom {
        let held = try find(job, of: tenant, in: transaction)
        guard let effectiveLimits = try EffectiveLimits.of(tenant, in: transaction) else {
            throw ReservationError.noneHeld
        }
        let terms = held.terms(
            of: tenant, included: max(held.included, effectiveLimits.includedSeconds),
            cap: effectiveLimits.overageCapCents)
        let state = try UsageMonth.of(held.month, tenant: tenant, in: transaction)
        return try MonthRoom.of(terms, in: state, for: nil, in: transaction).holding(held.seconds)
    }

    /// Changes a job's reservation to `seconds`, now that the recording's length is known: gives the rest back, or reserves an increase.
    ///
    /// The seconds that the job already holds keep their place. An increase gets the next place, behind all jobs that were admitted meanwhile
    /// and were promised the month's minutes. Its quota is the one of now or of the job's admission, whichever is more. So seconds that were
    /// within the quota when they were reserved never become overage. Only an increase can.
    ///
    /// - Throws: ``ReservationError/quotaExceeded(_:overageAllowed:)`` if the increase exceeds the quota and the job doesn't accept overage, or
    ///   if it exceeds a cap; ``ReservationError/noneHeld``.
    package static func resize(
        _ job: some TypedID, of tenant: TenantID, to seconds: Int64, at now: Timestamp = .now(),
        in transaction: PostgresTransaction
    ) throws {
        var (held, month) = try held(job, of: tenant, in: transaction)
        let growth = seconds - held.seconds
        if growth > 0 {
            let effectiveLimits = try EffectiveLimits.of(tenant, in: transaction)
            let today = now < held.month.end ? effectiveLimits?.includedSeconds : nil
            let included = max(
                held.included, try today ?? lastIncluded(in: held.month, of: tenant, in: transaction))
            let terms = held.terms(of: tenant, included: included, cap: effectiveLimits?.overageCapCents)
            let room = try MonthRoom.of(terms, in: month, for: growth, in: transaction)
            if let limit = room.exceeded(by: growth) {
                throw ReservationError.quotaExceeded(limit, overageAllowed: false)
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

    /// Returns the quota of the last admission of a month that is over, in seconds.
    private static func lastIncluded(
        in month: BillingMonth, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Int64 {
        try transaction.first(
            """
            SELECT included_seconds FROM (
                SELECT admission, included_seconds FROM usage WHERE tenant_id = \(tenant) AND month = \(month)
                UNION ALL
                SELECT admission, included_seconds FROM reservations WHERE tenant_id = \(tenant) AND month = \(month)
            ) admitted ORDER BY admission DESC LIMIT 1
            """, as: Int64.self) ?? 0
    }

    /// Turns a completed job's reservation into its usage record of `seconds`, which are at most what it holds. Returns the thresholds that the
    /// month has reached with it. Throws ``ReservationError/noneHeld``.
    @discardableResult
    package static func settle(
        _ job: some TypedID, of tenant: TenantID, seconds: Int64, in transaction: PostgresTransaction
    ) throws -> [UsageAlert] {
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
                rate_micros_per_minute, admitted_at, growth_places, growth_seconds, growth_included_seconds, key_id)
            SELECT tenant_id, month, admission, job_id, \(seconds)::int8, plan, included_seconds, accept_overage,
                rate_micros_per_minute, admitted_at, \(increases.places), \(increases.seconds), \(increases.included), key_id
            FROM ended
            """)
        guard rows == 1 else { throw ReservationError.noneHeld }
        try UsageSums.addMetadata(of: job, tenant, in: transaction)
        try transaction.execute(
            """
            UPDATE usage_months
            SET reserved_seconds = reserved_seconds - \(held.seconds), used_seconds = used_seconds + \(seconds)
            WHERE tenant_id = \(tenant) AND month = \(held.month)
            """)
        return try UsageAlert.crossed(in: held.month, of: tenant, in: transaction)
    }

    /// Gives back what a failed or cancelled job holds. Throws ``ReservationError/noneHeld``.
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
        /// The price of overage, if the job buys overage.
        let overageRate: Int64?
        let submitter: Submitter?
        var increases: ReservationIncreases

        func terms(of tenant: TenantID, included: Int64, cap: Int64?) -> MonthRoom.Terms {
            MonthRoom.Terms(
                tenant: tenant, month: month, submitter: submitter, includedSeconds: included, overageRate: overageRate,
                overageCapCents: cap)
        }
    }

    /// Returns what the job holds, and its month, locked. The caller has locked the job's row, so nobody else can end the reservation.
    private static func held(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> (Held, UsageMonth) {
        let held = try find(job, of: tenant, in: transaction)
        return (held, try UsageMonth.lock(held.month, of: tenant, in: transaction))
    }

    private static func find(
        _ job: some TypedID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Held {
        let found = try transaction.first(
            """
            SELECT month, seconds, included_seconds, CASE WHEN accept_overage THEN rate_micros_per_minute END, key_id,
                growth_places, growth_seconds, growth_included_seconds
            FROM reservations WHERE tenant_id = \(tenant) AND job_id = \(job)
            """, as: BillingMonth.self, Int64.self, Int64.self, Int64?.self, Submitter?.self, [Int64].self,
            [Int64].self,
            [Int64].self
        ).map {
            Held(
                month: $0.0, seconds: $0.1, included: $0.2, overageRate: $0.3, submitter: $0.4,
                increases: ReservationIncreases(places: $0.5, seconds: $0.6, included: $0.7))
        }
        guard let found else { throw ReservationError.noneHeld }
        return found
    }
}

package enum ReservationError: Error, Equatable {
    /// The limit leaves too few seconds of the month for the job. `overageAllowed`: the customer could buy them by accepting overage.
    case quotaExceeded(QuotaLimit, overageAllowed: Bool)
    /// The month is closed. An admission gets this only on a node whose clock is late.
    case monthClosed(BillingMonth)
    /// The job has no reservation, or no longer.
    case noneHeld
}

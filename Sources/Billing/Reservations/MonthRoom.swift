import Postgres
import Tenancy

/// How many more seconds of a month a job may reserve, and which limit comes next.
package struct MonthRoom: Sendable, Equatable {
    /// Nil: there is no limit.
    package let seconds: Int64?
    /// The limit that the first second beyond exceeds.
    package let limit: QuotaLimit

    package init(seconds: Int64?, limit: QuotaLimit) {
        self.seconds = seconds
        self.limit = limit
    }

    package static let unlimited = MonthRoom(seconds: nil, limit: .overageCap)

    /// Returns the limit that `wanted` seconds exceed; nil if they fit. A nil `wanted` needs one second.
    func exceeded(by wanted: Int64?) -> QuotaLimit? {
        guard let seconds, wanted.map({ $0 > seconds }) ?? (seconds < 1) else { return nil }
        return limit
    }

    /// The same room for a job that holds `seconds` already.
    func holding(_ seconds: Int64) -> MonthRoom {
        MonthRoom(seconds: self.seconds.map { $0 + seconds }, limit: limit)
    }

    /// The smaller of two rooms.
    private func or(_ other: MonthRoom?) -> MonthRoom {
        guard let other, let theirs = other.seconds else { return self }
        return seconds.map { theirs < $0 } ?? true ? other : self
    }

    /// What a job reserves seconds under.
    struct Terms {
        let tenant: TenantID
        let month: BillingMonth
        let submitter: Submitter?
        let includedSeconds: Int64
        /// The price of overage in micro-dollars a minute, if the job buys overage; else nil.
        let overageRate: Int64?
        /// What the month's overage may cost at most; nil: there is no cap.
        let overageCapCents: Int64?
    }

    /// Returns the room under `terms`, exactly if the month is locked.
    ///
    /// - Parameters:
    ///   - wanted: what will be asked of the room. What these seconds can't exceed is not computed.
    static func of(
        _ terms: Terms, in state: UsageMonth, for wanted: Int64?, in transaction: PostgresTransaction
    ) throws -> MonthRoom {
        let left = max(0, terms.includedSeconds - state.used - state.reserved)
        let key = try terms.submitter?.key.flatMap { try Self.key($0, terms, transaction) }
        guard let rate = terms.overageRate else { return MonthRoom(seconds: left, limit: .monthlyMinutes).or(key) }
        guard let cap = terms.overageCapCents, wanted.map({ $0 > left }) ?? true else { return Self.unlimited.or(key) }
        let overage = try overageSeconds(within: cap, at: rate, terms, transaction)
        return (overage.map { MonthRoom(seconds: left + $0, limit: .overageCap) } ?? .unlimited).or(key)
    }

    /// Returns how many seconds of overage at `rate` still fit into the cap, if every unfinished job uses all that it holds. Nil: any number.
    ///
    /// No month ends above that: what a job gives back can only turn later jobs' overage into included minutes.
    private static func overageSeconds(
        within cap: Int64, at rate: Int64, _ terms: Terms, _ transaction: PostgresTransaction
    ) throws -> Int64? {
        let total = try UsageBlocks(
            of: terms.month, tenant: terms.tenant, withReservations: true, in: transaction
        ).total
        let others = try total.overage.reduce(Int64(0)) { sum, part in
            part.key == rate ? sum : sum + (try Money.cents(seconds: part.value.seconds, rate: part.key))
        }
        guard others <= cap else { return 0 }
        return Money.seconds(within: cap - others, rate: rate).map { max(0, $0 - (total.overage[rate]?.seconds ?? 0)) }
    }

    /// Returns what a key may still use of the month; nil if it has no limit of its own. A key that replaced another shares its minutes.
    private static func key(
        _ key: APIKeyID, _ terms: Terms, _ transaction: PostgresTransaction
    ) throws -> MonthRoom? {
        let tenant = terms.tenant
        let minutes = try transaction.first(
            "SELECT monthly_minutes::int8 FROM api_keys WHERE tenant_id = \(tenant) AND id = \(key)", as: Int64?.self)
        guard let minutes = minutes ?? nil else { return nil }
        let used = try transaction.first(
            """
            WITH RECURSIVE earlier AS (
                SELECT \(key)::text AS id
                UNION SELECT k.id FROM api_keys k JOIN earlier e ON k.replaced_by = e.id WHERE k.tenant_id = \(tenant)
            ), later AS (
                SELECT \(key)::text AS id
                UNION SELECT k.replaced_by FROM api_keys k JOIN later l ON k.id = l.id
                WHERE k.tenant_id = \(tenant) AND k.replaced_by IS NOT NULL
            ), keys AS (
                SELECT id FROM earlier UNION SELECT id FROM later
            )
            SELECT coalesce(sum(seconds), 0)::int8 FROM (
                SELECT s.seconds FROM usage_sums s JOIN keys ON keys.id = s.value
                WHERE s.tenant_id = \(tenant) AND s.month = \(terms.month)
                    AND s.dimension = \(UsageGrouping.key.dimension)
                UNION ALL
                SELECT r.seconds FROM reservations r JOIN keys ON keys.id = r.key_id
                WHERE r.tenant_id = \(tenant) AND r.month = \(terms.month)
            ) held
            """, as: Int64.self)
        return MonthRoom(seconds: max(0, minutes * 60 - (used ?? 0)), limit: .keyMinutes)
    }
}

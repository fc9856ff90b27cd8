import Postgres
import Tenancy

/// What the jobs with one value used in a month. The groups of a month add up to its statement exactly.
package struct UsageGroup: Sendable, Equatable {
    /// The day, the key's id, or the value in the metadata. Nil: the jobs without a value.
    package let value: String?
    package let jobs: Int64
    package let usedSeconds: Int64
    package let overageSeconds: Int64
    /// The group's part of the price of the month's overage. Cents are rounded once for the whole month, so they are divided among the groups:
    /// first whole cents, then one more for those with the largest remainders.
    package let overageCents: Int64
    /// The same by day, in order, without days on which there was nothing; nil if that was not asked for.
    package let days: [Day]?

    /// What was used on one day.
    package struct Day: Sendable, Equatable {
        /// In UTC, such as `2026-11-05`.
        package let day: String
        package let jobs: Int64
        package let usedSeconds: Int64
        package let overageSeconds: Int64
    }

    /// Returns a month's groups, sorted by the bytes of their values; the jobs without a value come last. Groups without jobs are missing.
    ///
    /// - Parameters:
    ///   - byDay: whether the groups have ``days``.
    ///   - transaction: must be repeatable read.
    package static func all(
        of month: BillingMonth, tenant: TenantID, by grouping: UsageGrouping, byDay: Bool = false,
        in transaction: PostgresTransaction
    ) throws -> [UsageGroup] {
        let needsMetadata = if case .metadata = grouping { true } else { false }
        let blocks = try UsageBlocks(of: month, tenant: tenant, needsMetadata: needsMetadata, in: transaction)
        let groups = try blocks.groups(by: grouping, byDay: byDay, in: transaction)
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let total = blocks.total
        // What has no value: each day's total, or the month's, without what has one.
        var rest = ["": total]
        if byDay { rest = try blocks.groups(by: .day, in: transaction).compactMapValues { $0[""] } }
        for (_, days) in groups { for (day, tally) in days { rest[day]?.subtract(tally) } }
        let tallies = (groups.map { (value: Optional($0.key), days: $0.value) } + [(value: nil, days: rest)]).map {
            (value: $0.value, days: $0.days, tally: $0.days.values.reduce(into: UsageTally()) { $0.add($1) })
        }
        let cents = try Self.cents(of: tallies.map(\.tally), total: total)
        return zip(tallies, cents).compactMap { group, cents -> UsageGroup? in
            guard group.tally.jobs > 0 || group.tally.seconds > 0 else { return nil }
            return UsageGroup(
                value: group.value, jobs: group.tally.jobs, usedSeconds: group.tally.seconds,
                overageSeconds: group.tally.overageSeconds, overageCents: cents, days: byDay ? days(group.days) : nil)
        }
    }

    private static func days(_ tallies: [String: UsageTally]) -> [Day] {
        tallies.sorted { $0.key < $1.key }.compactMap { day, tally in
            guard tally.jobs > 0 || tally.seconds > 0 else { return nil }
            return Day(
                day: day, jobs: tally.jobs, usedSeconds: tally.seconds, overageSeconds: tally.overageSeconds)
        }
    }

    /// Divides the month's amount, which is rounded once a rate, among the groups.
    private static func cents(of tallies: [UsageTally], total: UsageTally) throws -> [Int64] {
        var sums = [Int64](repeating: 0, count: tallies.count)
        for rate in total.overage.keys.sorted() {
            let shares = try Money.divide(seconds: tallies.map { $0.overage[rate]?.seconds ?? 0 }, rate: rate)
            for (index, share) in shares.enumerated() { sums[index] += share }
        }
        return sums
    }
}

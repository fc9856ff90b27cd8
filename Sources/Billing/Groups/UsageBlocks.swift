import Postgres
import Tenancy

/// A month's sums by blocks of places, from which overage can be told without reading each record.
///
/// A block whose first second is already beyond the quota is overage from its start; a block that ends within the quota has none. Only a block
/// in which the used seconds pass the quota is read share by share. Usually that is one block.
struct UsageBlocks {
    /// A row of `usage_sums` by day.
    private struct Sum {
        let block: Int64
        let includedSeconds: Int64
        let acceptsOverage: Bool
        let rate: Int64
        let plan: PlanName
        let jobs, seconds, lastPlace: Int64
    }

    /// A share in a block that was read share by share.
    fileprivate struct Share {
        let place: Int64
        let day: String
        let key: String
        let metadata: String?
        let rate: Int64
        let plan: PlanName
        let overageSeconds: Int64
    }

    private let month: BillingMonth
    private let tenant: TenantID
    /// The sums by day, which have all records, and those of the reservations if they count, too.
    private let days: [Sum]
    /// The used seconds before each block.
    private let starts: [Int64: Int64]
    /// The shares of the blocks in which the used seconds pass the quota.
    private let passing: [Int64: [Share]]

    /// Reads a tenant's month. The transaction must be repeatable read, or have locked the month.
    ///
    /// - Parameters:
    ///   - needsMetadata: whether groups by a member of the metadata will be asked for.
    ///   - withReservations: whether to count as used what unfinished jobs hold. Then there are no groups.
    init(
        of month: BillingMonth, tenant: TenantID, needsMetadata: Bool = false, withReservations: Bool = false,
        in transaction: PostgresTransaction
    ) throws {
        self.month = month
        self.tenant = tenant
        days =
            try Self.days(of: month, tenant, transaction)
            + (withReservations ? Self.reserved(in: month, tenant, transaction) : [])
        var seconds: [Int64: Int64] = [:]
        for sum in days { seconds[sum.block, default: 0] += sum.seconds }
        var (starts, used): ([Int64: Int64], Int64) = ([:], 0)
        for block in seconds.keys.sorted() {
            starts[block] = used
            used += seconds[block] ?? 0
        }
        self.starts = starts
        let passed = Set(
            days.filter { sum in
                let start = starts[sum.block] ?? 0
                let end = start + (seconds[sum.block] ?? 0)
                return sum.acceptsOverage && start < sum.includedSeconds && sum.includedSeconds < end
            }.map(\.block))
        passing = try Dictionary(
            uniqueKeysWithValues: passed.map { block in
                let shares = try Self.shares(
                    in: block, from: starts[block] ?? 0, month, tenant, needsMetadata, withReservations, transaction)
                return (block, shares)
            })
    }

    /// What the whole month adds up to.
    var total: UsageTally {
        var total = UsageTally()
        for sum in days {
            total.jobs += sum.jobs
            total.seconds += sum.seconds
            guard passing[sum.block] == nil, sum.acceptsOverage, starts[sum.block] ?? 0 >= sum.includedSeconds else {
                continue
            }
            total.add(overage: sum.seconds, rate: sum.rate, plan: sum.plan, place: sum.lastPlace)
        }
        for share in passing.values.joined() { total.add(share) }
        return total
    }

    /// What each value adds up to. Jobs without a value are missing.
    ///
    /// - Parameter byDay: whether to divide each value's sums by the days of submission.
    /// - Returns: by value the sums by day; without `byDay`, that day is empty.
    func groups(
        by grouping: UsageGrouping, byDay: Bool = false, in transaction: PostgresTransaction
    ) throws -> [String: [String: UsageTally]] {
        var groups = try sums(by: grouping, byDay: byDay, in: transaction)
        for share in passing.values.joined() {
            let value: String? =
                switch grouping {
                case .day: share.day
                case .key: share.key
                case .metadata:
                    UsageGrouping.members(of: share.metadata ?? "{}").first { $0.grouping == grouping }?.value
                }
            if let value {
                groups[value, default: [:]][byDay ? share.day : "", default: UsageTally()].add(share)
            }
        }
        if grouping == .key { groups[Self.unknownKey] = nil }
        return groups
    }
}

extension UsageTally {
    fileprivate mutating func add(_ share: UsageBlocks.Share) {
        add(overage: share.overageSeconds, rate: share.rate, plan: share.plan, place: share.place)
    }
}

extension UsageBlocks {
    /// The value of records whose key is unknown.
    private static let unknownKey = ""

    private static func days(
        of month: BillingMonth, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> [Sum] {
        try transaction.all(
            """
            SELECT block, included_seconds, accept_overage, rate_micros_per_minute, plan, jobs, seconds, last_place
            FROM usage_sums
            WHERE tenant_id = \(tenant) AND month = \(month) AND dimension = \(UsageGrouping.day.dimension)
            """, as: Int64.self, Int64.self, Bool.self, Int64.self, PlanName.self, Int64.self, Int64.self, Int64.self
        ).map(sum)
    }

    /// Returns what unfinished jobs hold, as if it were used.
    private static func reserved(
        in month: BillingMonth, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> [Sum] {
        try transaction.all(
            """
            SELECT s.place / \(UsageSums.blockSize), s.included_seconds, u.accept_overage,
                coalesce(u.rate_micros_per_minute, 0), u.plan, count(*) FILTER (WHERE s.place = u.admission),
                sum(s.seconds)::int8, coalesce(max(s.place) FILTER (WHERE s.seconds > 0), 0)
            FROM reservations u \(Ledger.shares) WHERE u.tenant_id = \(tenant) AND u.month = \(month)
            GROUP BY 1, 2, 3, 4, 5
            """, as: Int64.self, Int64.self, Bool.self, Int64.self, PlanName.self, Int64.self, Int64.self, Int64.self
        ).map(sum)
    }

    private static func sum(
        _ row: (Int64, Int64, Bool, Int64, PlanName, Int64, Int64, Int64)
    ) -> Sum {
        Sum(
            block: row.0, includedSeconds: row.1, acceptsOverage: row.2, rate: row.3, plan: row.4, jobs: row.5,
            seconds: row.6, lastPlace: row.7)
    }

    /// Returns the sums by value, without the overage of the blocks in which the used seconds pass the quota. PostgreSQL adds them up, because
    /// there may be thousands.
    private func sums(
        by grouping: UsageGrouping, byDay: Bool, in transaction: PostgresTransaction
    ) throws -> [String: [String: UsageTally]] {
        let blocks = starts.keys.sorted()
        // No quota is below 0, so these blocks have no overage here.
        let starts = blocks.map { passing[$0] == nil ? self.starts[$0] ?? 0 : -1 }
        let day: PostgresQuery = byDay ? "s.day" : "''::text"
        var tallies: [String: [String: UsageTally]] = [:]
        for (value, day, rate, plan, jobs, seconds, overage, place) in try transaction.all(
            """
            SELECT s.value, \(day), s.rate_micros_per_minute, s.plan, sum(s.jobs)::int8, sum(s.seconds)::int8,
                coalesce(sum(s.seconds) FILTER (WHERE s.accept_overage AND b.start >= s.included_seconds), 0)::int8,
                coalesce(max(s.last_place) FILTER (WHERE s.accept_overage AND b.start >= s.included_seconds), 0)
            FROM usage_sums s JOIN unnest(\(blocks)::int8[], \(starts)::int8[]) b (block, start) ON b.block = s.block
            WHERE s.tenant_id = \(tenant) AND s.month = \(month) AND s.dimension = \(grouping.dimension)
            GROUP BY 1, 2, 3, 4
            """, as: String.self, String.self, Int64.self, PlanName.self, Int64.self, Int64.self, Int64.self, Int64.self
        ) {
            var tally = tallies[value]?[day] ?? UsageTally()
            tally.jobs += jobs
            tally.seconds += seconds
            tally.add(overage: overage, rate: rate, plan: plan, place: place)
            tallies[value, default: [:]][day] = tally
        }
        return tallies
    }

    /// Returns the shares in a block, in order.
    ///
    /// - Parameter start: the used seconds before the block.
    private static func shares(
        in block: Int64, from start: Int64, _ month: BillingMonth, _ tenant: TenantID, _ needsMetadata: Bool,
        _ withReservations: Bool, _ transaction: PostgresTransaction
    ) throws -> [Share] {
        let (first, last) = (block * UsageSums.blockSize, (block + 1) * UsageSums.blockSize - 1)
        let metadata: PostgresQuery =
            needsMetadata
            ? "(SELECT j.metadata::text FROM jobs j WHERE j.tenant_id = u.tenant_id AND j.id = u.job_id)" : "NULL::text"
        let columns: PostgresQuery = """
            s.place, s.seconds, s.included_seconds, u.accept_overage, coalesce(u.rate_micros_per_minute, 0) AS rate, u.plan,
            to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, coalesce(u.key_id, '') AS key, \(metadata) AS metadata
            """
        let theirs: PostgresQuery = """
            u.tenant_id = \(tenant) AND u.month = \(month) AND s.place BETWEEN \(first) AND \(last)
            """
        let reserved: PostgresQuery =
            withReservations ? "UNION ALL SELECT \(columns) FROM reservations u \(Ledger.shares) WHERE \(theirs)" : ""
        var meter = OverageMeter(usedSeconds: start)
        return try transaction.query(
            """
            SELECT \(columns) FROM usage u \(Ledger.shares)
            WHERE \(theirs) AND (u.admission BETWEEN \(first) AND \(last) OR u.admission = ANY (ARRAY(
                SELECT i.admission FROM usage_increases i
                WHERE i.tenant_id = \(tenant) AND i.month = \(month) AND i.place BETWEEN \(first) AND \(last))))
            \(reserved)
            ORDER BY place
            """
        ).map { row in
            let overage = meter.add(
                seconds: try row.value("seconds"), includedSeconds: try row.value("included_seconds"),
                acceptsOverage: try row.value("accept_overage"))
            return Share(
                place: try row.value("place"), day: try row.value("day"), key: try row.value("key"),
                metadata: try row.value("metadata"), rate: try row.value("rate"), plan: try row.value("plan"),
                overageSeconds: overage)
        }
    }
}

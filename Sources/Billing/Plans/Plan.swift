import Postgres
import Tenancy

/// A plan as it is sold, without any account's overrides.
package struct Plan: Sendable, Equatable {
    package let name: PlanName
    package let limits: LimitValues
    /// The price of overage, in micro-dollars a minute; nil if the plan sells none.
    package let overageRate: Int64?
    package let queuePriority: QueuePriority
    /// Whether no account can be moved to it any more.
    package let isRetired: Bool

    package init(
        name: PlanName, limits: LimitValues, overageRate: Int64?, queuePriority: QueuePriority, isRetired: Bool = false
    ) {
        self.name = name
        self.limits = limits
        self.overageRate = overageRate
        self.queuePriority = queuePriority
        self.isRetired = isRetired
    }

    /// The prices of overage that may be set, in micro-dollars a minute. Beyond these bounds, amounts could overflow.
    package static let overageRates: ClosedRange<Int64> = 0...1_000_000_000

    /// Returns all plans, by included minutes.
    package static func all(in transaction: PostgresTransaction) throws -> [Plan] {
        try find("true", in: transaction)
    }

    package static func find(_ name: PlanName, in transaction: PostgresTransaction) throws -> Plan? {
        try find("name = \(name)", in: transaction).first
    }

    /// Lets nobody else change plans until the transaction ends, so that no change is lost. Operators only.
    package static func lock(in transaction: PostgresTransaction) throws {
        try transaction.execute("LOCK TABLE plans IN SHARE ROW EXCLUSIVE MODE")
    }

    private static func find(_ condition: PostgresQuery, in transaction: PostgresTransaction) throws -> [Plan] {
        try transaction.query(
            """
            SELECT name, overage_micros_per_minute, queue_class, is_retired, \(columns) FROM plans WHERE \(condition)
            ORDER BY monthly_minutes, name
            """
        ).map(Plan.init(row:))
    }

    /// Stores the plan. Its terms apply to jobs that are admitted from now on. Operators only.
    package func store(in transaction: PostgresTransaction) throws {
        let values = PostgresQuery(joining: Limit.allCases.map { "\(limits[$0])" as PostgresQuery }, separator: ", ")
        let changes = PostgresQuery(
            unescaped: Limit.allCases.map { "\($0.column) = excluded.\($0.column)" }.joined(separator: ", "))
        try transaction.execute(
            """
            INSERT INTO plans (name, overage_micros_per_minute, queue_class, is_retired, \(Self.columns))
            VALUES (\(name), \(overageRate), \(queuePriority), \(isRetired), \(values))
            ON CONFLICT (name) DO UPDATE
            SET overage_micros_per_minute = excluded.overage_micros_per_minute, queue_class = excluded.queue_class,
                is_retired = excluded.is_retired, \(changes)
            """)
    }

    private static let columns = PostgresQuery(
        unescaped: Limit.allCases.map(\.column.description).joined(separator: ", "))

    private init(row: PostgresRow) throws {
        name = try row.value("name")
        overageRate = try row.value("overage_micros_per_minute")
        queuePriority = try row.value("queue_class")
        isRetired = try row.value("is_retired")
        limits = try LimitValues { try row.value($0.column.description) }
    }
}

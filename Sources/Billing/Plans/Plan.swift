import Postgres
import Tenancy

/// A plan as it is sold, without any account's overrides.
package struct Plan: Sendable, Equatable {
    package let name: PlanName
    package let limits: LimitValues
    /// The price of overage, in micro-dollars a minute; nil if the plan sells none.
    package let overageRate: Int64?
    package let queuePriority: QueuePriority

    /// Returns all plans, by included minutes.
    package static func all(in transaction: PostgresTransaction) throws -> [Plan] {
        try transaction.query(
            """
            SELECT name, overage_micros_per_minute, queue_class, \(columns) FROM plans ORDER BY monthly_minutes, name
            """
        ).map(Plan.init(row:))
    }

    private static let columns = PostgresQuery(
        unescaped: Limit.allCases.map(\.column.description).joined(separator: ", "))

    private init(row: PostgresRow) throws {
        name = try row.value("name")
        overageRate = try row.value("overage_micros_per_minute")
        queuePriority = try row.value("queue_class")
        limits = try LimitValues { try row.value($0.column.description) }
    }
}

import Postgres
import Tenancy

/// A plan as it is sold: what its row says, before any account's own limits.
package struct Plan: Sendable, Equatable {
    package let name: PlanName
    package let limits: LimitValues
    /// Micro-dollars a minute beyond the month's; nil where none are sold.
    package let overageRate: Int64?
    package let queuePriority: QueuePriority

    /// Every plan, the smallest first.
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

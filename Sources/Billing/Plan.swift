import Postgres
import Tenancy

/// A plan as it is sold: what its row says, before any account's own limits.
package struct Plan: Sendable, Equatable {
    package let name: PlanName
    package let maxFileBytes: Int64
    package let maxDurationSeconds: Int64
    package let concurrency: Int
    package let monthlyMinutes: Int64
    /// Micro-dollars a minute beyond the month's; nil where none are sold.
    package let overageRate: Int64?
    package let queueClass: QueueClass

    /// Every plan, the smallest first.
    package static func all(in transaction: PostgresTransaction) throws -> [Plan] {
        try transaction.query(
            """
            SELECT name, max_file_bytes, max_duration_seconds::int8, concurrency, monthly_minutes::int8,
                overage_micros_per_minute, queue_class
            FROM plans ORDER BY monthly_minutes, name
            """
        ).map(Plan.init(row:))
    }

    private init(row: PostgresRow) throws {
        (name, maxFileBytes, maxDurationSeconds, concurrency, monthlyMinutes, overageRate, queueClass) = try row.decode(
            PlanName.self, Int64.self, Int64.self, Int.self, Int64.self, Int64?.self, QueueClass.self)
    }
}

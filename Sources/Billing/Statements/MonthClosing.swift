import Postgres
import Tenancy

/// The month's end: statements are written down for good, and the month takes nothing any more.
package enum MonthClosing {
    package enum Outcome: Sendable, Equatable {
        case closed(statements: Int)
        case wasClosed
    }

    /// What must be seen to before a month can be closed.
    package enum Obstacle: Error, Equatable {
        case notOver(BillingMonth)
        /// The ids of the first twenty, and how many there are.
        case unfinishedJobs([String], count: Int)
        case differences([LedgerDifference])
    }

    /// Closes the month of every tenant, or of none. Operators only.
    ///
    /// The months are made where they are missing, and locked, before anything is looked at: an admission by a late clock waits, and is refused.
    package static func run(
        _ month: BillingMonth, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Outcome {
        guard now >= month.end else { throw Obstacle.notOver(month) }
        guard try lockOpenMonths(month, transaction) else { return .wasClosed }
        try check(month, in: transaction)
        let statements = try Statement.all(of: month, at: now, in: transaction).filter { $0.closedAt == nil }
        for statement in statements { try statement.store(in: transaction) }
        try transaction.execute(
            "UPDATE usage_months SET closed_at = \(now) WHERE month = \(month) AND closed_at IS NULL")
        return .closed(statements: statements.count)
    }

    /// Throws ``Obstacle`` for what is in the way of closing the month, besides jobs of these ids. The transaction must be repeatable read,
    /// or hold the months.
    package static func check(
        _ month: BillingMonth, besides jobs: Set<String> = [], in transaction: PostgresTransaction
    ) throws {
        let unfinished = try unfinishedJobs(month, transaction).filter { !jobs.contains($0) }
        guard unfinished.isEmpty else {
            throw Obstacle.unfinishedJobs(Array(unfinished.prefix(20)), count: unfinished.count)
        }
        let differences = try LedgerCheck.run(month, in: transaction)
        guard differences.isEmpty else { throw Obstacle.differences(differences) }
    }

    /// Whether there is nothing left to close.
    package static func isDone(_ month: BillingMonth, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.first(
            """
            SELECT NOT EXISTS (
                SELECT FROM tenants t LEFT JOIN usage_months m ON m.tenant_id = t.id AND m.month = \(month)
                WHERE (t.created_at < \(month.end) AND t.status <> 'deleted' OR m.tenant_id IS NOT NULL)
                    AND m.closed_at IS NULL
            )
            """, as: Bool.self) ?? false
    }

    /// Whether anybody had an account in the month, or something happened in it.
    package static func hasAccounts(_ month: BillingMonth, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.first(
            """
            SELECT EXISTS (SELECT FROM tenants WHERE created_at < \(month.end))
                OR EXISTS (SELECT FROM usage_months WHERE month = \(month))
            """, as: Bool.self) ?? false
    }

    /// The months before that one which are not closed, oldest first, and how many statements closing each of them writes.
    package static func open(
        before month: BillingMonth, in transaction: PostgresTransaction
    ) throws -> [(month: BillingMonth, statements: Int64)] {
        try transaction.all(
            """
            WITH months AS (
                SELECT to_char(start, 'YYYY-MM') AS month, (start + interval '1 month') AT TIME ZONE 'UTC' AS month_end
                FROM generate_series(
                    least(
                        (SELECT date_trunc('month', min(created_at) AT TIME ZONE 'UTC') FROM tenants),
                        (SELECT (min(month) || '-01')::timestamp FROM usage_months)),
                    (\(month)::text || '-01')::timestamp - interval '1 month', interval '1 month') start
            )
            SELECT n.month, count(*) FROM months n CROSS JOIN tenants t
            LEFT JOIN usage_months m ON m.tenant_id = t.id AND m.month = n.month
            WHERE m.closed_at IS NULL AND \(Statement.isDue(month: "n.month", end: "n.month_end"))
            GROUP BY 1 ORDER BY 1
            """, as: BillingMonth.self, Int64.self
        ).map { (month: $0.0, statements: $0.1) }
    }

    /// Locks the month of every tenant who had an account before its end; false when none of them is open. Who was deleted has a month only
    /// where something happened in it.
    private static func lockOpenMonths(_ month: BillingMonth, _ transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO usage_months (tenant_id, month)
            SELECT id, \(month)::text FROM tenants WHERE created_at < \(month.end) AND status <> 'deleted' ORDER BY id
            ON CONFLICT DO NOTHING
            """)
        return try transaction.all(
            "SELECT closed_at IS NULL FROM usage_months WHERE month = \(month) ORDER BY tenant_id FOR UPDATE",
            as: Bool.self
        ).contains(true)
    }

    private static func unfinishedJobs(
        _ month: BillingMonth, _ transaction: PostgresTransaction
    ) throws -> [String] {
        try transaction.all(
            """
            SELECT id FROM jobs
            WHERE created_at >= \(month.start) AND created_at < \(month.end) AND status IN ('queued', 'processing')
            UNION SELECT job_id FROM reservations WHERE month = \(month) ORDER BY 1
            """, as: String.self)
    }
}

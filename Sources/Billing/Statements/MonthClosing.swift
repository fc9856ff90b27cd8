import Postgres
import Tenancy

/// Closes months: writes the statements for good. A closed month accepts no jobs and no adjustments.
package enum MonthClosing {
    package enum Outcome: Sendable, Equatable {
        case closed(statements: Int)
        case wasClosed
    }

    /// Why a month cannot be closed yet.
    package enum Obstacle: Error, Equatable {
        case notOver(BillingMonth)
        /// The ids of the first 20 jobs, and how many there are in all.
        case unfinishedJobs([String], count: Int)
        case differences([LedgerDifference])
    }

    /// Closes the month for all tenants, or for none. Throws ``Obstacle``. Operators only.
    ///
    /// First the month is created where it is missing, and locked, for every tenant. A job that a node with a late clock admits now waits, and
    /// is then rejected.
    package static func run(
        _ month: BillingMonth, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> Outcome {
        guard now >= month.end else { throw Obstacle.notOver(month) }
        guard try lockOpenMonths(month, transaction) else { return .wasClosed }
        try check(month, in: transaction)
        let statements = try Statement.all(of: month, at: now, in: transaction).filter { $0.closedAt == nil }
        for statement in statements { try statement.store(in: transaction) }
        try StatementParties.keep(for: statements.map(\.tenant), month: month, in: transaction)
        try transaction.execute(
            "UPDATE usage_months SET closed_at = \(now) WHERE month = \(month) AND closed_at IS NULL")
        try BillingDetails.forgetOfDeleted(in: transaction)
        return .closed(statements: statements.count)
    }

    /// Throws ``Obstacle`` if something prevents closing the month, not counting the unfinished `jobs`. The transaction must be repeatable
    /// read, or have locked the months.
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

    /// Returns whether the month is closed for all tenants.
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

    /// Returns whether anybody had an account before the month's end, or anything was used or reserved in it.
    package static func hasAccounts(_ month: BillingMonth, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.first(
            """
            SELECT EXISTS (SELECT FROM tenants WHERE created_at < \(month.end))
                OR EXISTS (SELECT FROM usage_months WHERE month = \(month))
            """, as: Bool.self) ?? false
    }

    /// Returns the open months before `month`, oldest first, each with the number of statements that closing it writes.
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

    /// Locks the month of every tenant that had an account before its end. Returns false if it is closed for all of them. A deleted tenant
    /// has a month only if it used something in it.
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
                AND NOT is_test
            UNION SELECT job_id FROM reservations WHERE month = \(month) ORDER BY 1
            """, as: String.self)
    }
}

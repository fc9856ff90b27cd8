import Postgres
import Tenancy

/// Keeps the sums of a month's ledger (`usage_sums`) up to date, in the same transaction as the ledger.
package enum UsageSums {
    /// How many places of a month are in one block.
    static let blockSize: Int64 = 1024

    /// Adds a new record to the sums by metadata. (A trigger adds it to those by day and key.) The caller has locked the month.
    static func addMetadata(of job: some TypedID, _ tenant: TenantID, in transaction: PostgresTransaction) throws {
        let members = try members(of: job, tenant, transaction)
        guard !members.values.isEmpty else { return }
        try transaction.execute(
            """
            INSERT INTO usage_sums (\(key), jobs, seconds, last_place) \(sums(of: job, tenant, members))
            ON CONFLICT (\(key)) DO UPDATE
            SET jobs = usage_sums.jobs + EXCLUDED.jobs, seconds = usage_sums.seconds + EXCLUDED.seconds,
                last_place = greatest(usage_sums.last_place, EXCLUDED.last_place)
            """)
    }

    /// Takes a job out of the sums by metadata, before its metadata is deleted. Does nothing if the job has no record. The caller has locked the
    /// job's row.
    package static func removeMetadata(
        of job: some TypedID, _ tenant: TenantID, in transaction: PostgresTransaction
    ) throws {
        let month = try transaction.first(
            "SELECT month FROM usage WHERE tenant_id = \(tenant) AND job_id = \(job)", as: BillingMonth.self)
        guard let month else { return }
        let members = try members(of: job, tenant, transaction)
        guard !members.values.isEmpty else { return }
        // A job whose metadata the database could not read when it was upgraded is in no sum.
        // Nobody else changes sums of the month meanwhile, so their locks need no order.
        try transaction.query(
            "SELECT FROM usage_months WHERE tenant_id = \(tenant) AND month = \(month) FOR NO KEY UPDATE")
        try transaction.execute(
            """
            UPDATE usage_sums t SET jobs = t.jobs - s.jobs, seconds = t.seconds - s.seconds
            FROM (\(sums(of: job, tenant, members))) s (\(key), jobs, seconds, last_place)
            WHERE (\(key(of: "t"))) = (\(key(of: "s"))) AND t.jobs >= s.jobs AND t.seconds >= s.seconds
            """)
        try transaction.execute(
            """
            DELETE FROM usage_sums
            WHERE tenant_id = \(tenant) AND month = \(month) AND jobs = 0 AND seconds = 0
                AND (dimension, value) IN (
                    SELECT * FROM unnest(\(members.dimensions)::text[], \(members.values)::text[]))
            """)
    }

    private static let key: PostgresQuery = """
        tenant_id, month, dimension, value, day, block, included_seconds, accept_overage, rate_micros_per_minute, plan
        """

    private static func key(of table: PostgresQuery) -> PostgresQuery {
        """
        \(table).tenant_id, \(table).month, \(table).dimension, \(table).value, \(table).day, \(table).block,
        \(table).included_seconds, \(table).accept_overage, \(table).rate_micros_per_minute, \(table).plan
        """
    }

    /// What one job adds to the sums by metadata.
    private static func sums(of job: some TypedID, _ tenant: TenantID, _ members: Members) -> PostgresQuery {
        """
        SELECT u.tenant_id, u.month, d.dimension, d.value, to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
            s.place / \(blockSize), s.included_seconds, u.accept_overage, coalesce(u.rate_micros_per_minute, 0), u.plan,
            count(*) FILTER (WHERE s.place = u.admission), sum(s.seconds)::int8,
            coalesce(max(s.place) FILTER (WHERE s.seconds > 0), 0)
        FROM usage u \(Ledger.shares)
        CROSS JOIN unnest(\(members.dimensions)::text[], \(members.values)::text[]) d (dimension, value)
        WHERE u.tenant_id = \(tenant) AND u.job_id = \(job)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        """
    }

    private typealias Members = (dimensions: [String], values: [String])

    private static func members(
        of job: some TypedID, _ tenant: TenantID, _ transaction: PostgresTransaction
    ) throws -> Members {
        let metadata = try transaction.first(
            "SELECT metadata::text FROM jobs WHERE tenant_id = \(tenant) AND id = \(job)", as: String.self)
        let members = UsageGrouping.members(of: metadata ?? "{}")
        return (members.map(\.grouping.dimension), members.map(\.value))
    }
}

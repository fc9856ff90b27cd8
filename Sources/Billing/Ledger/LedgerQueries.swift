import Postgres
import Tenancy

/// The append-only record of what completed jobs used.
package enum Ledger {
    private static let page = 5_000

    /// Joins each record `u` of `usage` with its shares `s`: the seconds reserved at the job's admission, and each later increase.
    static let shares: PostgresQuery = """
        CROSS JOIN LATERAL (
            SELECT u.admission AS place,
                (u.seconds - (SELECT coalesce(sum(g), 0) FROM unnest(u.growth_seconds) g))::int8 AS seconds, u.included_seconds
            UNION ALL
            SELECT * FROM unnest(u.growth_places, u.growth_seconds, u.growth_included_seconds)
        ) s
        """

    /// Calls `body` with each share of the month's records, of all tenants or of one. The order is by tenant, then by when the share was
    /// reserved.
    ///
    /// A cursor reads them page by page, so a month may be larger than the memory.
    package static func forEach(
        of month: BillingMonth, tenant: TenantID? = nil, in transaction: PostgresTransaction,
        _ body: (LedgerShare) throws -> Void
    ) throws {
        try pages(of: month, tenant: tenant, metadata: false, in: transaction) { share, _ in try body(share) }
    }

    /// Like ``forEach(of:tenant:in:_:)``, but the last share of each job comes with the job's metadata as JSON text, unless the job was deleted,
    /// and the records have the names of their keys. Operators only.
    package static func forEachWithMetadata(
        of month: BillingMonth, tenant: TenantID? = nil, in transaction: PostgresTransaction,
        _ body: (LedgerShare, String?) throws -> Void
    ) throws {
        try pages(of: month, tenant: tenant, metadata: true, in: transaction, body)
    }

    private static func pages(
        of month: BillingMonth, tenant: TenantID?, metadata: Bool, in transaction: PostgresTransaction,
        _ body: (LedgerShare, String?) throws -> Void
    ) throws {
        let only: PostgresQuery = tenant.map { "AND u.tenant_id = \($0)" } ?? ""
        let column: PostgresQuery =
            metadata
            ? """
            CASE WHEN l.is_last THEN (
                SELECT j.metadata::text FROM jobs j WHERE j.tenant_id = l.tenant_id AND j.id = l.job_id) END
            """ : "NULL::text"
        let keyName: PostgresQuery =
            metadata
            ? """
            coalesce((SELECT k.name FROM api_keys k WHERE k.tenant_id = l.tenant_id AND k.id = l.key_id),
                (SELECT m.email FROM members m WHERE m.tenant_id = l.tenant_id AND m.id = l.key_id))
            """ : "NULL::text"
        try transaction.execute(
            """
            DECLARE ledger NO SCROLL CURSOR FOR
            SELECT l.*, \(keyName) AS key_name, \(column) AS metadata FROM (
                SELECT u.tenant_id, u.admission, u.job_id, u.seconds, u.plan, u.included_seconds, u.accept_overage,
                    u.rate_micros_per_minute, u.admitted_at, u.settled_at, u.key_id, s.seconds AS share_seconds,
                    s.included_seconds AS share_included_seconds,
                    s.place = coalesce(u.growth_places[cardinality(u.growth_places)], u.admission) AS is_last
                FROM usage u \(shares) WHERE u.month = \(month) \(only) ORDER BY u.tenant_id, s.place
            ) l
            """)
        while true {
            let rows = try transaction.query("FETCH \(unescaped: "\(page)") FROM ledger")
            for row in rows { try body(try LedgerShare(row: row), try row.value("metadata", String?.self)) }
            if rows.count < page { break }
        }
        try transaction.execute("CLOSE ledger")
    }
}

extension LedgerShare {
    fileprivate init(row: PostgresRow) throws {
        self.init(
            of: try LedgerEntry(row: row), seconds: try row.value("share_seconds"),
            includedSeconds: try row.value("share_included_seconds"), isLast: try row.value("is_last"))
    }
}

extension LedgerEntry {
    fileprivate init(row: PostgresRow) throws {
        self.init(
            tenant: try row.value("tenant_id"), admission: try row.value("admission"), job: try row.value("job_id"),
            seconds: try row.value("seconds"), plan: try row.value("plan"),
            includedSeconds: try row.value("included_seconds"), acceptsOverage: try row.value("accept_overage"),
            rate: try row.value("rate_micros_per_minute"), admittedAt: try row.value("admitted_at"),
            settledAt: try row.value("settled_at"), submitter: try row.value("key_id"),
            keyName: try row.value("key_name"))
    }
}

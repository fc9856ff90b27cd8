import Postgres
import Tenancy

/// The append-only record of what completed jobs used.
package enum Ledger {
    private static let page = 5_000

    /// Calls `body` with each record of the month, tenant by tenant, in the order of admission; of one tenant alone, if one is given.
    ///
    /// It comes in pages, so a month may be larger than the memory. For one picture of them all the transaction must be repeatable read.
    package static func forEach(
        of month: BillingMonth, tenant: TenantID? = nil, in transaction: PostgresTransaction,
        _ body: (LedgerEntry) throws -> Void
    ) throws {
        try pages(of: month, tenant: tenant, metadata: false, in: transaction) { entry, _ in try body(entry) }
    }

    /// As ``forEach(of:tenant:in:_:)``, with the metadata of the jobs that still exist, as JSON text.
    package static func forEachWithMetadata(
        of month: BillingMonth, tenant: TenantID? = nil, in transaction: PostgresTransaction,
        _ body: (LedgerEntry, String?) throws -> Void
    ) throws {
        try pages(of: month, tenant: tenant, metadata: true, in: transaction, body)
    }

    private static func pages(
        of month: BillingMonth, tenant: TenantID?, metadata: Bool, in transaction: PostgresTransaction,
        _ body: (LedgerEntry, String?) throws -> Void
    ) throws {
        let only: PostgresQuery = tenant.map { "AND u.tenant_id = \($0)" } ?? ""
        let column: PostgresQuery =
            metadata
            ? "(SELECT j.metadata::text FROM jobs j WHERE j.tenant_id = u.tenant_id AND j.id = u.job_id)" : "NULL::text"
        var last: (tenant: String, admission: Int64) = ("", 0)
        while true {
            let rows = try transaction.query(
                """
                SELECT u.tenant_id, u.admission, u.job_id, u.seconds, u.plan, u.included_seconds, u.accept_overage,
                    u.rate_micros_per_minute, u.admitted_at, u.settled_at, \(column) AS metadata
                FROM usage u
                WHERE u.month = \(month) \(only) AND (u.tenant_id, u.admission) > (\(last.tenant), \(last.admission))
                ORDER BY u.tenant_id, u.admission LIMIT \(page)
                """)
            for row in rows {
                let entry = try LedgerEntry(row: row)
                last = (entry.tenant.rawValue, entry.admission)
                try body(entry, try row.value("metadata", String?.self))
            }
            if rows.count < page { return }
        }
    }
}

extension LedgerEntry {
    fileprivate init(row: PostgresRow) throws {
        self.init(
            tenant: try row.value("tenant_id"), admission: try row.value("admission"), job: try row.value("job_id"),
            seconds: try row.value("seconds"), plan: try row.value("plan"),
            includedSeconds: try row.value("included_seconds"), acceptsOverage: try row.value("accept_overage"),
            rate: try row.value("rate_micros_per_minute"), admittedAt: try row.value("admitted_at"),
            settledAt: try row.value("settled_at"))
    }
}

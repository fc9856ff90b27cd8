import Postgres
import Tenancy

/// The details of a month: one row per completed job, in the order in which the last seconds of each were reserved.
package struct DetailExport: Sendable {
    package struct Row: Sendable {
        package let columns: [ExportColumn]
        /// The columns behind those of the metadata.
        package let keyColumns: [ExportColumn]
        /// The job's metadata as JSON text; nil if the job was deleted.
        package let metadata: String?
    }

    package let month: BillingMonth
    package let tenant: TenantID?

    package init(month: BillingMonth, tenant: TenantID?) {
        self.month = month
        self.tenant = tenant
    }

    /// Calls `body` with each row. A job's row comes at its last share, because only then is its overage known.
    ///
    /// To see the same data as other queries of the transaction, the transaction must be repeatable read.
    package func forEach(in transaction: PostgresTransaction, _ body: (Row) throws -> Void) throws {
        var current: TenantID?
        var meter = OverageMeter()
        // The overage so far, in seconds, of jobs with further shares to come.
        var begun: [String: Int64] = [:]
        try Ledger.forEachWithMetadata(of: month, tenant: tenant, in: transaction) { share, metadata in
            let entry = share.entry
            if entry.tenant != current {
                current = entry.tenant
                meter = OverageMeter()
            }
            let overage = meter.add(share) + (begun.removeValue(forKey: entry.job) ?? 0)
            guard share.isLast else { return begun[entry.job] = overage }
            try body(
                Row(
                    columns: entry.row(of: month, overageSeconds: overage), keyColumns: entry.keyColumns,
                    metadata: metadata))
        }
    }

    /// Writes the export as CSV. Each of the most frequent metadata keys gets a column, so that costs can be split by it; one column has the rest.
    package func writeCSV(in transaction: PostgresTransaction, to write: (String) throws -> Void) throws {
        var columns = MetadataColumns()
        try forEach(in: transaction) { columns.count(MetadataMembers(json: $0.metadata ?? "{}")) }
        let keys = columns.keys
        let metadata = keys.map { "metadata.\($0)" } + ["metadata"]
        try write(CSV.header(LedgerEntry.columnNames + metadata + LedgerEntry.keyColumnNames))
        try forEach(in: transaction) { row in
            let members = MetadataMembers(json: row.metadata ?? "{}")
            try write(
                CSV.row(
                    row.columns.map(\.cell) + MetadataColumns.cells(members, keys: keys) + row.keyColumns.map(\.cell)))
        }
    }
}

import Postgres
import Tenancy

// For operators only, as the owner of the tables.
extension TenantDeletion {
    /// Returns jobs that are not tombstones yet, oldest first.
    func remaining(
        after last: JobID?, limit: Int, in transaction: PostgresTransaction
    ) throws -> [(id: JobID, isFinished: Bool)] {
        try transaction.all(
            """
            SELECT id, status FROM jobs
            WHERE tenant_id = \(tenant) AND id > \(last?.rawValue ?? "") AND deleted_at IS NULL
            ORDER BY id LIMIT \(limit)
            """, as: JobID.self, JobStatus.self
        ).map { (id: $0.0, isFinished: $0.1.isFinished) }
    }

    /// Deletes at most `limit` of the tenant's rows of a table, and the rows that refer to them. Returns how many were deleted.
    func remove(from table: PostgresQuery, limit: Int, in transaction: PostgresTransaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM \(table)
            WHERE ctid = ANY (ARRAY(SELECT ctid FROM \(table) WHERE tenant_id = \(tenant) LIMIT \(limit)))
            """)
    }

    /// Returns the number of jobs with audio that is not deleted yet, here or at an external engine.
    func jobsWithAudio(in transaction: PostgresTransaction) throws -> Int {
        try transaction.first(
            """
            SELECT count(*) FROM jobs j
            WHERE j.tenant_id = \(tenant) AND (j.source_deleted_at IS NULL OR EXISTS (
                SELECT FROM tasks t
                WHERE t.tenant_id = j.tenant_id AND t.job_id = j.id AND t.kind = 'clean'
                    AND t.status IN ('ready', 'running')))
            """, as: Int.self) ?? 0
    }
}

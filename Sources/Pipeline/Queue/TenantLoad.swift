import Postgres
import Tenancy

/// How many jobs of a tenant are queued and running. Transactions lock this row last, so that no two wait for each other.
package struct TenantLoad: Sendable, Equatable {
    package let queued: Int
    package let running: Int

    package init(queued: Int, running: Int) {
        self.queued = queued
        self.running = running
    }

    /// How many jobs of a tenant may wait.
    package static let longestBacklog = 1000

    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> TenantLoad {
        try transaction.first(
            "SELECT queued_jobs, running_jobs FROM tenant_load WHERE tenant_id = \(tenant)", as: Int.self, Int.self
        ).map { TenantLoad(queued: $0.0, running: $0.1) } ?? TenantLoad(queued: 0, running: 0)
    }

    /// Counts a job that is being queued.
    ///
    /// - Parameter check: gets the load without this job, while the row is locked. Throws if there is no room.
    static func add(
        to tenant: TenantID, in transaction: PostgresTransaction, checking check: (TenantLoad) throws -> Void
    ) throws {
        try transaction.execute("INSERT INTO tenant_load (tenant_id) VALUES (\(tenant)) ON CONFLICT DO NOTHING")
        try transaction.query("SELECT FROM tenant_load WHERE tenant_id = \(tenant) FOR NO KEY UPDATE")
        try check(try of(tenant, in: transaction))
        try transaction.execute("UPDATE tenant_load SET queued_jobs = queued_jobs + 1 WHERE tenant_id = \(tenant)")
    }

    /// Removes a job from the count of `status`, which it had until now. The counts stop at 0, because a wrong count must not prevent a job from
    /// ending.
    static func remove(_ status: JobStatus, from tenant: TenantID, in transaction: PostgresTransaction) throws {
        let (queued, running) = status == .queued ? (1, 0) : (0, 1)
        try transaction.execute(
            """
            UPDATE tenant_load
            SET queued_jobs = greatest(0, queued_jobs - \(queued)), running_jobs = greatest(0, running_jobs - \(running))
            WHERE tenant_id = \(tenant)
            """)
    }
}

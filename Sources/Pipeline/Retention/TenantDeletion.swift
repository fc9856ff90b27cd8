import Billing
import Postgres
import Tenancy

/// Erases an account: everything except what was billed, the name on those bills, the tombstones of its jobs, and the audit log.
///
/// Each step is a short transaction that may be repeated. After a crash, run it again: it continues where it stopped. The first step locks the
/// account, so that nothing is added while the other steps delete. Workers delete the audio with each job's clean-up, which is due at once.
package struct TenantDeletion: Sendable {
    /// After this time, all nodes reject the account's tokens, and requests that they accepted before are done.
    package static let settling = Duration.seconds(2)
    private static let batch = 100

    let tenant: TenantID
    private let pool: PostgresPool
    private let settling: Duration

    package struct Outcome: Sendable, Equatable {
        /// How many jobs this run erased.
        package let jobs: Int
        /// How many jobs have audio that the workers have not deleted yet.
        package let jobsWithAudio: Int
    }

    /// There is no such account.
    package struct NoTenant: Error {}

    /// - Parameter pool: connects as the owner of the tables.
    package init(
        of tenant: TenantID, on pool: PostgresPool, settling: Duration = Self.settling
    ) {
        self.tenant = tenant
        self.pool = pool
        self.settling = settling
    }

    /// Erases the account.
    ///
    /// - Parameter operatorName: who deletes it, for the audit log. The entry is written once, with the first step.
    /// - Throws: ``NoTenant``.
    package func run(by operatorName: String) async throws -> Outcome {
        try await shut(by: operatorName)
        try await Task.sleep(for: settling)
        let jobs = try await eraseJobs()
        let tables = [
            "webhook_events", "webhook_failing_origins", "webhook_endpoints", "webhook_secrets", "idempotency_keys",
            "refresh_tokens", "used_tokens", "member_sessions", "member_links", "members", "account_limits",
            "usage_alerts", "upload_slots", "tenant_turns",
        ]
        for table in tables {
            try await empty(PostgresQuery(unescaped: table))
        }
        try await forgetAddresses()
        let left = try await pool.transaction { transaction in
            try QuotaOverrides.forget(of: tenant, in: transaction)
            try BillingDetails.forget(of: tenant, in: transaction)
            try StatementName.forgetUnlessBilled(tenant, in: transaction)
            return try jobsWithAudio(in: transaction)
        }
        return Outcome(jobs: jobs, jobsWithAudio: left)
    }

    private func shut(by operatorName: String) async throws {
        let tenant = tenant
        try await pool.transaction { transaction in
            try StatementName.keep(of: tenant, in: transaction)
            guard let before = try Tenant.end(tenant, in: transaction) else { throw NoTenant() }
            guard before != .deleted else { return }
            try AuditEntry(operator: operatorName, action: "tenant delete", tenant: tenant).record(in: transaction)
        }
    }

    /// Turns every job into a tombstone. Returns how many there were.
    private func eraseJobs() async throws -> Int {
        var erased = 0
        // The last job of the previous batch. Starting from the beginning would read all tombstones each time.
        var last: JobID?
        while true {
            let after = last
            let jobs = try await pool.transaction { try remaining(after: after, limit: Self.batch, in: $0) }
            guard let end = jobs.last else {
                // Starts again from the beginning, in case a job was added meanwhile.
                guard last != nil else { return erased }
                last = nil
                continue
            }
            last = end.id
            // One transaction per job: ending a job locks the job and the month, and all others do so in the same order.
            for job in jobs where !job.isFinished { try await cancel(job.id) }
            try await pool.transaction { transaction in
                for job in jobs { _ = try JobDeletion.remove(job.id, of: tenant, in: transaction) }
            }
            erased += jobs.count
        }
    }

    private func cancel(_ job: JobID) async throws {
        try await pool.transaction { transaction in
            do {
                _ = try Job.cancel(job, of: tenant, in: transaction)
            } catch is JobFinished {
                // The job has ended meanwhile.
            }
            // No more webhooks are sent.
            try WebhookEvent.forgetUntold(job, of: tenant, in: transaction)
        }
    }

    /// Deletes the tenant's rows of a table.
    private func empty(_ table: PostgresQuery) async throws {
        while try await pool.transaction({ try remove(from: table, limit: 1_000, in: $0) }) > 0 {}
    }

    private func forgetAddresses() async throws {
        let tenant = tenant
        while try await pool.transaction({ try JobLifecycle.forgetAddresses(of: tenant, limit: 1_000, in: $0) }) > 0 {}
    }
}

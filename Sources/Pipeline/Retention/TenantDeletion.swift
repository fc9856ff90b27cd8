import Billing
import Postgres
import Tenancy

/// Erases an account: everything but what was billed and the name on those bills, the tombstones of its jobs, and what operators did.
///
/// In steps, each a short transaction that may be done again: after a crash the whole is repeated, and goes on where it stopped. The
/// first step shuts the account, so that nothing is added to what the others remove. Audio is removed by the workers, with each job's
/// own clean-up, which is due at once.
package struct TenantDeletion: Sendable {
    /// By then every node refuses the account's tokens, and what it had let in a moment before is done.
    package static let settling = Duration.seconds(2)
    private static let batch = 100

    let tenant: TenantID
    private let pool: PostgresPool
    private let settling: Duration

    package struct Outcome: Sendable, Equatable {
        /// Erased by this run.
        package let jobs: Int
        /// Jobs whose audio the workers have yet to remove.
        package let jobsWithAudio: Int
    }

    /// There is no such account.
    package struct NoTenant: Error {}

    /// - Parameter pool: the owner's.
    package init(
        of tenant: TenantID, on pool: PostgresPool, settling: Duration = Self.settling
    ) {
        self.tenant = tenant
        self.pool = pool
        self.settling = settling
    }

    /// Erases what is there.
    ///
    /// - Parameter operatorName: whose deletion it is, for the audit log: written down once, with the first step.
    package func run(by operatorName: String) async throws -> Outcome {
        try await shut(by: operatorName)
        try await Task.sleep(for: settling)
        let jobs = try await eraseJobs()
        let tables = [
            "webhook_events", "webhook_failing_origins", "webhook_endpoints", "webhook_secrets", "idempotency_keys",
            "refresh_tokens",
        ]
        for table in tables {
            try await empty(PostgresQuery(unescaped: table))
        }
        try await forgetAddresses()
        let left = try await pool.transaction { transaction in
            try QuotaOverrides.forget(of: tenant, in: transaction)
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

    /// Makes every job a tombstone. Answers how many there were.
    private func eraseJobs() async throws -> Int {
        var erased = 0
        // The last one of the batch before: to begin anew each time is to read all tombstones each time.
        var last: JobID?
        while true {
            let after = last
            let jobs = try await pool.transaction { try remaining(after: after, limit: Self.batch, in: $0) }
            guard let end = jobs.last else {
                // What came in behind it is looked for once more from the start.
                guard last != nil else { return erased }
                last = nil
                continue
            }
            last = end.id
            // One at a time: a job's end locks the month, and whoever else ends a job does so in the same order.
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
                // It has just ended by itself.
            }
            // Nobody is told any more.
            try WebhookEvent.forgetUntold(job, of: tenant, in: transaction)
        }
    }

    /// Removes all rows of a table that are the tenant's.
    private func empty(_ table: PostgresQuery) async throws {
        while try await pool.transaction({ try remove(from: table, limit: 1_000, in: $0) }) > 0 {}
    }

    private func forgetAddresses() async throws {
        let tenant = tenant
        while try await pool.transaction({ try JobLifecycle.forgetAddresses(of: tenant, limit: 1_000, in: $0) }) > 0 {}
    }
}

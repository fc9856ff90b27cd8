import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Deletes audio that no job needs: of a submission whose node died before the job was queued, or that a stopped worker wrote after its job's
/// clean-up. All other audio is deleted by its job's clean-up. Also deletes expired idempotency keys, and tasks that are left of ended jobs.
package struct OrphanSweep: Service {
    /// Audio that changed within this time is kept, because it may belong to a job that is being queued.
    package static let grace = Duration.seconds(3600)
    /// How many rows one step deletes, and how many steps a run has.
    package static let batch = 1_000
    package static let batches = 50

    private let databases: Databases
    private let storage: any Storage
    private let logger: Logger
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, storage: any Storage, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.storage = storage
        self.logger = logger
        self.clock = clock
    }

    /// Runs until shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            async let listing: Void = list()
            async let tidying: Void = tidy()
            _ = await (listing, tidying)
        }
    }

    /// Sweeps the storage when it is this node's turn.
    private func list() async {
        let listing = OrphanListing(databases: databases)
        var wait = Self.someTime
        while !Task.isCancelled {
            try? await Task.sleep(for: wait)
            guard !Task.isCancelled else { return }
            do {
                let due = try await listing.runIfDue {
                    try await sweep()
                    // Unfinished files that are a day old, because no transfer takes that long.
                    try await storage.removeUnfinished(before: clock() - .seconds(86_400))
                }
                // At random, so that nodes don't ask at the same time.
                wait = due + .seconds(Double.random(in: 0...60))
            } catch is CancellationError {
                return
            } catch {
                logger.failure("could not look for orphaned audio", error)
                wait = Self.someTime
            }
        }
    }

    /// Does the rest every 5 to 15 minutes, at random, so that nodes don't do it at the same time.
    private func tidy() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.someTime)
            guard !Task.isCancelled else { return }
            do {
                try await sweepThisNode()
            } catch {
                logger.failure("could not look for orphaned downloads", error)
            }
            do {
                try await forgetKeys()
            } catch {
                logger.failure("could not delete old idempotency keys", error)
            }
            do {
                try await TaskQueue.tendEverywhere(in: databases)
            } catch {
                logger.failure("could not look for forgotten work", error)
            }
            do {
                try await forgetTasks()
            } catch {
                logger.failure("could not delete old tasks", error)
            }
        }
    }

    private static var someTime: Duration { OrphanListing.interval * Double.random(in: 0.5...1.5) }

    /// Sweeps the storage once. Returns the number of jobs whose audio was deleted.
    @discardableResult
    package func sweep() async throws -> Int { try await sweep(try await storage.jobs()) }

    /// Sweeps what only this node can see of the storage.
    @discardableResult
    package func sweepThisNode() async throws -> Int { try await sweep(try await storage.jobsOnThisNode()) }

    private func sweep(_ jobs: [StoredJob]) async throws -> Int {
        let old = jobs.filter { $0.changed <= clock() - Self.grace }
        var removed = 0
        for start in stride(from: 0, to: old.count, by: 500) {
            let batch = Array(old[start..<min(start + 500, old.count)])
            let needed = try await needed(among: batch.map { ($0.tenant, $0.job) })
            for folder in batch where !needed.contains(folder.job) {
                // This node may have lost its turn meanwhile.
                try Task.checkCancellation()
                do {
                    try await remove(folder.job, of: folder.tenant)
                    removed += 1
                    logger.warning("removed orphaned audio", metadata: ["job": "\(folder.job)"])
                } catch {
                    // The others go on. The next sweep tries again.
                    logger.failure(
                        "could not remove audio that no job needs", error, metadata: ["job": "\(folder.job)"])
                }
            }
        }
        return removed
    }

    /// Deletes a job's audio. If the job exists, its clean-up missed this audio, so the time of deletion is corrected.
    private func remove(_ job: JobID, of tenant: TenantID) async throws {
        try await storage.remove(job: job, of: tenant)
        try await databases.app.transaction(of: tenant) {
            try JobLifecycle.noteSourceDeletedAgain(of: job, of: tenant, in: $0)
        }
    }

    /// Deletes expired idempotency keys in short steps, at most ``batches``; the next run does the rest. Returns how many were deleted.
    @discardableResult
    package func forgetKeys() async throws -> Int {
        try await inSteps { try await IdempotencyKey.sweep(limit: Self.batch, on: databases.system) }
    }

    /// Deletes the tasks that are left of jobs which ended more than a day ago, in the same way.
    @discardableResult
    package func forgetTasks() async throws -> Int {
        try await inSteps { try await JobTasks.sweep(limit: Self.batch, on: databases.system) }
    }

    private func inSteps(_ step: () async throws -> Int) async throws -> Int {
        var forgotten = 0
        for _ in 0..<Self.batches {
            let count = try await step()
            forgotten += count
            if count < Self.batch { break }
        }
        return forgotten
    }

    /// Returns those whose audio is still in use, or whose clean-up has not run yet.
    private func needed(among jobs: [(TenantID, JobID)]) async throws -> Set<JobID> {
        let (tenants, ids) = (jobs.map(\.0.rawValue), jobs.map(\.1.rawValue))
        return Set(
            try await databases.system.query(
                """
                SELECT id FROM jobs
                WHERE (tenant_id, id) IN (SELECT * FROM unnest(\(tenants)::text[], \(ids)::text[]))
                    AND source_deleted_at IS NULL
                """
            ).map { try $0.decode(JobID.self) })
    }
}

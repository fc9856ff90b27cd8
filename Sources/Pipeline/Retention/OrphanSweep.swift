import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Removes audio that no job needs: of a submission whose node died before it was queued, or that a stopped worker wrote after its job's
/// audio was removed. What a job still has a use for goes with the job's own clean-up. And forgets idempotency keys whose day is over, and tasks of
/// jobs that ended long ago.
package struct OrphanSweep: Service {
    private static let interval = Duration.seconds(600)
    /// What changed in this time may belong to a job that is just being queued.
    package static let grace = Duration.seconds(3600)
    /// Rows that one step forgets, and steps of a run.
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

    /// Sweeps now and then until shutdown; not all nodes at the same moment.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))
                guard !Task.isCancelled else { return }
                do {
                    try await sweep()
                    // No transfer takes a day.
                    try await storage.removeUnfinished(before: clock() - .seconds(86_400))
                } catch {
                    logger.failure("could not look for orphaned audio", error)
                }
                do {
                    try await forgetKeys()
                } catch {
                    logger.failure("could not delete old idempotency keys", error)
                }
                do {
                    try await forgetTasks()
                } catch {
                    logger.failure("could not delete old tasks", error)
                }
            }
        }
    }

    /// Looks once. Answers how many jobs' audio was removed.
    @discardableResult
    package func sweep() async throws -> Int {
        let old = try await storage.jobs().filter { $0.changed <= clock() - Self.grace }
        var removed = 0
        for start in stride(from: 0, to: old.count, by: 500) {
            let batch = Array(old[start..<min(start + 500, old.count)])
            let needed = try await needed(among: batch.map { ($0.tenant, $0.job) })
            for folder in batch where !needed.contains(folder.job) {
                do {
                    try await remove(folder.job, of: folder.tenant)
                    removed += 1
                    logger.warning("removed orphaned audio", metadata: ["job": "\(folder.job)"])
                } catch {
                    // It keeps none of the others waiting; the next sweep tries again.
                    logger.failure(
                        "could not remove audio that no job needs", error, metadata: ["job": "\(folder.job)"])
                }
            }
        }
        return removed
    }

    /// A job that is known had more audio than its clean-up found: what it says of its end is put right.
    private func remove(_ job: JobID, of tenant: TenantID) async throws {
        try await storage.remove(job: job, of: tenant)
        try await databases.app.transaction(of: tenant) {
            try JobLifecycle.noteSourceDeletedAgain(of: job, of: tenant, in: $0)
        }
    }

    /// Forgets old idempotency keys, in short steps; what is more than a run's share is left to the next. Answers how many were forgotten.
    @discardableResult
    package func forgetKeys() async throws -> Int {
        try await inSteps { try await IdempotencyKey.sweep(limit: Self.batch, on: databases.system) }
    }

    /// Forgets, likewise, the tasks of jobs that ended long ago.
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

    /// Those whose audio is still in use, or whose own clean-up is still to come.
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

import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Removes audio that no job needs: of a submission whose node died before it was queued, or that a stopped worker wrote after its job's
/// audio was removed. What a job still has a use for goes with the job's own clean-up.
package struct OrphanSweep: Service {
    private static let interval = Duration.seconds(600)
    /// What changed in this time may belong to a job that is just being queued.
    package static let grace = Duration.seconds(3600)

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
                    logger.error("could not look for audio that nobody needs", metadata: ["error": "\(error)"])
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
                try await storage.remove(job: folder.job, of: folder.tenant)
                removed += 1
                logger.warning("removed audio that no job needed", metadata: ["job": "\(folder.job)"])
            }
        }
        return removed
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

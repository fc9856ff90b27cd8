import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Ends the jobs of test keys when their time has come. They have no recording, no tasks and no reservation, and need neither a worker nor an
/// engine. Several nodes may do this at the same time: each job ends once.
package struct SimulatedJobs: Service {
    private static let batch = 200

    private let databases: Databases
    private let due: AsyncStream<Void>
    private let publicURL: String?
    private let provenance: ProvenanceKeys
    private let logger: Logger

    /// - Parameters:
    ///   - poller: the node's.
    ///   - provenance: signs where transcripts come from.
    ///   - publicURL: the URL at which customers reach the service, for webhooks.
    package init(
        databases: Databases, poller: WorkPoller, provenance: ProvenanceKeys, publicURL: String? = nil, logger: Logger
    ) {
        self.databases = databases
        self.provenance = provenance
        due = poller.calls { JobLifecycle.isAnySimulationDue }
        self.publicURL = publicURL
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in due {
                do {
                    while try await endDue() == Self.batch {}
                } catch  where !Task.isCancelled {
                    logger.failure("could not end the jobs of test keys", error)
                } catch {}
            }
        }
    }

    /// Ends the jobs that are due. Returns how many this call has ended.
    @discardableResult
    package func endDue() async throws -> Int {
        let due = try await databases.system.transaction { try JobLifecycle.dueSimulations(limit: Self.batch, in: $0) }
        guard !due.isEmpty else { return 0 }
        let key = try await provenance.signing()
        var ended = 0
        for (tenant, job) in due {
            let publicURL = publicURL
            ended += try await databases.app.transaction(of: tenant) {
                try Job.simulateEnd(of: job, of: tenant, publicURL: publicURL, signedBy: key, in: $0) ? 1 : 0
            }
        }
        return ended
    }
}

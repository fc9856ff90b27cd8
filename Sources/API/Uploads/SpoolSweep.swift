import Concurrency
import Logging
import ServiceLifecycle

/// Removes the uploads of API processes that were killed on this machine, even while other ones run.
package struct SpoolSweep: Service {
    private let root: String
    private let interval: Duration
    private let logger: Logger
    private let calls = BlockingCalls("verbatim.spool.sweep")

    /// - Parameter root: the directory of all spools.
    package init(root: String, every interval: Duration = .seconds(600), logger: Logger) {
        self.root = root
        self.interval = interval
        self.logger = logger
    }

    /// Sweeps at once, and then at each interval until shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await calls.run { () throws(SpoolError) in try SpoolDirectory.removeLeftovers(root: root) }
                } catch {
                    logger.error("could not look for uploads of dead nodes", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: interval)
            }
        }
    }
}

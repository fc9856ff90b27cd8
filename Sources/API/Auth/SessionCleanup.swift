import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Deletes expired sessions about once a minute until the node shuts down; not on all nodes at the same moment.
struct SessionCleanup: Service {
    private static let interval = Duration.seconds(60)

    let sweep: SessionSweep
    /// Has the role `verbatim_system`.
    let pool: PostgresPool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))) != nil {
                do {
                    try await sweep.run()
                    try await MemberSession.sweep(on: pool)
                } catch  where !Task.isCancelled {
                    logger.failure("could not delete expired sessions", error)
                } catch {}
            }
        }
    }
}

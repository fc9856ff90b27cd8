import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Deletes expired sessions, and calls that rate limits no longer count, about once a minute until the node shuts down; not on all nodes at the
/// same moment.
struct SessionCleanup: Service {
    private static let interval = Duration.seconds(60)

    let sweep: SessionSweep
    /// Has the role `verbatim_system`.
    let pool: PostgresPool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))) != nil {
                await attempt("could not delete expired sessions") {
                    try await sweep.run()
                    try await MemberSession.sweep(on: pool)
                }
                await attempt("could not delete old calls of rate limits") { try await RateLimit.sweep(on: pool) }
            }
        }
    }

    private func attempt(_ failure: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch  where !Task.isCancelled {
            logger.failure("\(failure)", error)
        } catch {}
    }
}

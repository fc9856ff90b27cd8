import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Has what is over of sessions forgotten, once a minute or so, until the node shuts down; not on all nodes at the same moment.
struct SessionUpkeep: Service {
    private static let interval = Duration.seconds(60)

    let sweep: SessionSweep
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval * Double.random(in: 0.5...1.5))) != nil {
                do {
                    try await sweep.run()
                } catch  where !Task.isCancelled {
                    logger.failure("could not forget sessions that are over", error)
                } catch {}
            }
        }
    }
}

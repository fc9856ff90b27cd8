import Logging
import ServiceLifecycle
import Synchronization

/// Drains traffic before a shutdown: `/readyz` fails first, and everything is still answered for a while, so that no load balancer sends
/// requests to a closed port.
///
/// As a service it stops before the API does.
final class TrafficDrain: Service {
    private let begun = Atomic<Bool>(false)
    private let delay: Duration
    private let logger: Logger

    /// - Parameter delay: for how long; zero: not at all.
    init(delay: Duration, logger: Logger) {
        self.delay = delay
        self.logger = logger
    }

    var isUnderWay: Bool { begun.load(ordering: .relaxed) }

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch {
            // Something else failed: there is nothing to wait for.
            return
        }
        begun.store(true, ordering: .relaxed)
        guard delay > .zero else { return }
        logger.info(
            "shutting down: not ready from now on", metadata: ["listening_for": "\(delay.components.seconds) s"])
        try? await Task.sleep(for: delay)
    }
}

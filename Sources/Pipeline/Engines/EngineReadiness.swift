import Postgres
import Synchronization

/// Whether the engine answers, asked again after a second while it does not, after five while it does, however often it is needed.
package final class EngineReadiness: Sendable {
    private let server: ModelServer
    private let last = Mutex((at: ContinuousClock.Instant?.none, ready: false))

    package init(server: ModelServer) {
        self.server = server
    }

    package func isReady() async -> Bool {
        let now = ContinuousClock.now
        let known = last.withLock { last in
            last.at.flatMap { now - $0 < .seconds(last.ready ? 5 : 1) ? last.ready : nil }
        }
        if let known { return known }
        let ready = (try? await server.health()) != nil
        last.withLock { $0 = (.now, ready) }
        return ready
    }
}

import Logging
import Postgres

/// Whether the model server is ready.
///
/// It asks the server one second after a negative answer and five seconds after a positive one, however many callers need to know. It
/// asks once at a time; callers who come meanwhile get the same answer.
package actor EngineReadiness {
    /// Loading a model takes at most this long.
    private static let gracePeriod = Duration.seconds(60)

    private let server: ModelServer
    private let outage: Outage?
    private var last: (at: ContinuousClock.Instant, ready: Bool)?
    /// What the model server had to do when it was asked last; nil if it is not ready.
    package private(set) var load: ModelServerLoad?
    private var look: Task<Bool, Never>?

    /// - Parameter logger: Logs when the server doesn't answer for longer than loading a model takes, and when it is back.
    package init(server: ModelServer, logger: Logger? = nil) {
        self.server = server
        outage = logger.map { Outage(of: "the model server", gracePeriod: Self.gracePeriod, logger: $0) }
    }

    package func isReady() async -> Bool {
        if let last, ContinuousClock.now - last.at < .seconds(last.ready ? 5 : 1) { return last.ready }
        if let look { return await look.value }
        // Unstructured, because the first caller may be cancelled while others still wait for the answer.
        let look = Task { [server, outage] in
            do {
                let health = try await server.health()
                outage?.works()
                load = health.load
                return true
            } catch {
                outage?.failed(error)
                load = nil
                return false
            }
        }
        self.look = look
        let ready = await look.value
        last = (.now, ready)
        self.look = nil
        return ready
    }
}

import Logging
import Postgres

/// Whether the engine answers, asked again after a second while it does not, after five while it does, however often it is needed. One question
/// at a time: who needs the answer meanwhile gets the same.
package actor EngineReadiness {
    /// A model is loaded for so long at most.
    private static let gracePeriod = Duration.seconds(60)

    private let server: ModelServer
    private let outage: Outage?
    private var last: (at: ContinuousClock.Instant, ready: Bool)?
    private var look: Task<Bool, Never>?

    /// - Parameter logger: told when the server is away for longer than a model takes to be loaded, and when it is back.
    package init(server: ModelServer, logger: Logger? = nil) {
        self.server = server
        outage = logger.map { Outage(of: "the model server", gracePeriod: Self.gracePeriod, logger: $0) }
    }

    package func isReady() async -> Bool {
        if let last, ContinuousClock.now - last.at < .seconds(last.ready ? 5 : 1) { return last.ready }
        if let look { return await look.value }
        // Unstructured: who asks first may be cancelled, and the others still want to know.
        let look = Task { [server, outage] in
            do {
                _ = try await server.health()
                outage?.works()
                return true
            } catch {
                outage?.failed(error)
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

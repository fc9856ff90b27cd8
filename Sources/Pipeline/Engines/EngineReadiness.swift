import Postgres

/// Whether the engine answers, asked again after a second while it does not, after five while it does, however often it is needed. One question
/// at a time: who needs the answer meanwhile gets the same.
package actor EngineReadiness {
    private let server: ModelServer
    private var last: (at: ContinuousClock.Instant, ready: Bool)?
    private var look: Task<Bool, Never>?

    package init(server: ModelServer) {
        self.server = server
    }

    package func isReady() async -> Bool {
        if let last, ContinuousClock.now - last.at < .seconds(last.ready ? 5 : 1) { return last.ready }
        if let look { return await look.value }
        // Unstructured: who asks first may be cancelled, and the others still want to know.
        let look = Task { [server] in (try? await server.health()) != nil }
        self.look = look
        let ready = await look.value
        last = (.now, ready)
        self.look = nil
        return ready
    }
}

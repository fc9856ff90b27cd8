import Postgres

/// A piece handed in at an engine that works elsewhere: enough to ask for it again after a restart, and to have it deleted there.
package struct EngineTicket: Sendable, Hashable {
    /// The engine that gave it, as transcripts name it.
    package let engine: String
    /// The engine's own id.
    package let id: String
    /// When it was handed in, by this machine's clock.
    package let submittedAt: Timestamp
    /// How often the piece has been handed in, 1 at the first time.
    package let attempt: Int

    package init(engine: String, id: String, submittedAt: Timestamp, attempt: Int) {
        self.engine = engine
        self.id = id
        self.submittedAt = submittedAt
        self.attempt = attempt
    }
}

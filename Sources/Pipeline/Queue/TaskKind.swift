import Egress
import Postgres

/// The steps of a job: *fetch* of one that names a URL → *prepare* → *recognize* × chunks beside *diarize* × sections → *assemble* → *clean*.
package enum TaskKind: String, Sendable, CaseIterable, PostgresCodable {
    /// Get the source from where its URL leads.
    case fetch
    /// Decode the source, find its speech and language, cut it into chunks.
    case prepare
    /// Recognize one chunk.
    case recognize
    /// Tell the speakers of one section apart.
    case diarize
    /// Put the chunks' words together: the job's outcome.
    case assemble
    /// Remove the audio that the job left.
    case clean

    /// Cleans up after jobs: needs no engine, and goes on whatever else waits.
    var isCleanup: Bool {
        switch self {
        case .fetch, .prepare, .recognize, .diarize, .assemble: false
        case .clean: true
        }
    }

    private static let work = RetrySchedule(
        delays: [.seconds(1), .seconds(3), .seconds(10), .seconds(30), .seconds(120)], jitter: 0.2)
    private static let removal = RetrySchedule(
        delays: [.seconds(1), .seconds(10), .seconds(60), .seconds(600)], jitter: 0.2)

    /// When a task that failed for a passing reason for the `attempt`th time is tried again. Nil after the last time: its job
    /// fails then. Removing audio is a promise to the customer, so that goes on by the hour.
    package func retryDelay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        switch self {
        case .fetch, .prepare, .recognize, .diarize, .assemble: Self.work.delay(attempt: attempt, using: &generator)
        case .clean: Self.removal.delay(attempt: attempt, using: &generator) ?? .seconds(3600)
        }
    }
}

import Egress
import Postgres

/// The steps of a job: *fetch* if it has a URL → *prepare* → *recognize* × chunks and *diarize* × sections → *assemble* → *clean*.
package enum TaskKind: String, Sendable, CaseIterable, PostgresCodable {
    /// Download the recording from its URL.
    case fetch
    /// Decode the recording, detect speech and language, cut it into chunks.
    case prepare
    /// Recognize one chunk.
    case recognize
    /// Find the voices of one section.
    case diarize
    /// Join the chunks' words into the transcript and complete the job.
    case assemble
    /// Delete the job's audio.
    case clean

    /// Whether the task cleans up after a job. Such tasks need no engine and have slots of their own.
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

    /// Returns the delay before the next attempt of a task that has had `attempt` temporary errors. Nil after the last attempt: then its job
    /// fails. Deleting audio is a promise to the customer, so *clean* is retried hourly forever.
    package func retryDelay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        switch self {
        case .fetch, .prepare, .recognize, .diarize, .assemble: Self.work.delay(attempt: attempt, using: &generator)
        case .clean: Self.removal.delay(attempt: attempt, using: &generator) ?? .seconds(3600)
        }
    }
}

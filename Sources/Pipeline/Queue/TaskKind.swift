import Egress
import Postgres

/// The steps of a job: *prepare* → *recognise* × pieces → *assemble* → *clean*.
package enum TaskKind: String, Sendable, CaseIterable, PostgresCodable {
    /// Decode the source, find its speech and language, cut it into pieces.
    case prepare
    /// Recognise one piece.
    case recognise
    /// Put the pieces' words together: the job's outcome.
    case assemble
    /// Remove the audio that the job left.
    case clean

    /// Whether it is the engine that does the work.
    var needsEngine: Bool {
        switch self {
        case .prepare, .recognise: true
        case .assemble, .clean: false
        }
    }

    /// When a task that failed for a passing reason is tried again. After the last delay its job fails.
    var retries: RetrySchedule {
        switch self {
        case .prepare, .recognise, .assemble:
            RetrySchedule(delays: [.seconds(1), .seconds(3), .seconds(10), .seconds(30)], jitter: 0.2)
        case .clean:
            // A promise to the customer, so it does not give up within a day.
            RetrySchedule(
                delays: [.seconds(1), .seconds(10), .seconds(60), .seconds(600)]
                    + Array(repeating: .seconds(3600), count: 24),
                jitter: 0.2)
        }
    }
}

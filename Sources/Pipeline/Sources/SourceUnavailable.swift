import Egress
import Postgres

/// A source could not be fetched just now; later it may.
package struct SourceUnavailable: Error, CustomStringConvertible {
    /// A server that wants more patience than this is asked again all the same: tries are few, and a customer waits for each.
    private static let longestWait = Duration.seconds(900)

    /// What the job fails with when no try is left.
    package let failure: JobFailure
    /// For the log: nothing of the URL, nothing of the answer.
    package let description: String
    /// How long the server wants to be left alone.
    package let retryAfter: Duration?

    init(_ failure: JobFailure, _ description: String, retryAfter: Duration? = nil) {
        self.failure = failure
        self.description = description
        self.retryAfter = retryAfter
    }

    /// What an answer means that says "not now".
    init(_ failure: JobFailure, _ answer: EgressResponse, now: Timestamp = .now()) {
        let wait = answer.headers["Retry-After"].flatMap { RetryAfter.time($0, now: now) }.map { $0 - now }
        self.init(failure, "status \(answer.status)", retryAfter: wait.map { min(max($0, .zero), Self.longestWait) })
    }
}

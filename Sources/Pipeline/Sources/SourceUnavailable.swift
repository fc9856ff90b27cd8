import Egress
import Postgres

/// A source could not be fetched now, but later it may.
package struct SourceUnavailable: Error, CustomStringConvertible {
    /// The longest `Retry-After` that is honored. There are few attempts, and a customer waits for each.
    private static let longestWait = Duration.seconds(900)

    /// The job's failure after the last attempt.
    package let failure: JobFailure
    /// A description for the log, without anything of the URL or the response.
    package let description: String
    /// How long to wait before the next attempt, as the server asked.
    package let retryAfter: Duration?

    init(_ failure: JobFailure, _ description: String, retryAfter: Duration? = nil) {
        self.failure = failure
        self.description = description
        self.retryAfter = retryAfter
    }

    /// The error for a response that says to try again later.
    init(_ failure: JobFailure, _ answer: EgressResponse, now: Timestamp = .now()) {
        let wait = answer.headers["Retry-After"].flatMap { RetryAfter.time($0, now: now) }.map { $0 - now }
        self.init(failure, "status \(answer.status)", retryAfter: wait.map { min(max($0, .zero), Self.longestWait) })
    }
}

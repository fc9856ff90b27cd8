// When to retry, as data.

package struct RetrySchedule: Sendable, Equatable {
    /// How long to wait after the first failed attempt, the second, and so on. After the last delay there is no further attempt.
    package let delays: [Duration]
    /// The fraction of a delay, 0...1, by which it varies randomly either way, so that many callers do not retry at the same time.
    package let jitter: Double

    package init(delays: [Duration], jitter: Double) {
        precondition((0...1).contains(jitter), "jitter is a fraction of the delay")
        precondition(delays.allSatisfy { $0 >= .zero }, "a delay is not negative")
        self.delays = delays
        self.jitter = jitter
    }

    /// Returns the delay before the next attempt; nil if there is none.
    ///
    /// - Parameter attempt: How many attempts have failed, from 1.
    package func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        guard attempt >= 1, attempt <= delays.count else { return nil }
        let factor = jitter == 0 ? 1 : Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
        return delays[attempt - 1] * factor
    }
}

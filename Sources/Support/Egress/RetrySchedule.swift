// When to try again, as data.

package struct RetrySchedule: Sendable, Equatable {
    /// How long to wait after the first failed attempt, the second, and so on. After the last there is none.
    package let delays: [Duration]
    /// The part of a delay, 0...1, by which it varies both ways, so that many callers do not return at once.
    package let jitter: Double

    package init(delays: [Duration], jitter: Double) {
        precondition((0...1).contains(jitter), "jitter is a fraction of the delay")
        precondition(delays.allSatisfy { $0 >= .zero }, "a delay is not negative")
        self.delays = delays
        self.jitter = jitter
    }

    /// - Parameter attempt: How many attempts have failed, from 1.
    /// - Returns: nil when there is no further attempt.
    package func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration? {
        guard attempt >= 1, attempt <= delays.count else { return nil }
        let factor = jitter == 0 ? 1 : Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
        return delays[attempt - 1] * factor
    }
}

import Egress
import Postgres

/// When an event that was not acknowledged is tried again.
package enum DeliverySchedule {
    /// From the first try to the last.
    package static let span = Duration.seconds(24 * 3600)

    private static let early = RetrySchedule(
        delays: [
            .seconds(10), .seconds(30), .seconds(60), .seconds(120), .seconds(300), .seconds(600), .seconds(1200),
            .seconds(2400),
        ], jitter: 0.2)
    private static let hourly = RetrySchedule(delays: [.seconds(3600)], jitter: 0.2)
    private static let soon = RetrySchedule(delays: [.seconds(60)], jitter: 0.2)

    /// Nil after the last try. That one is at the end of the span, whatever else would lie beyond it.
    ///
    /// - Parameters:
    ///   - tries: how many have failed, from 1.
    ///   - wish: the receiver's `Retry-After`, heeded where it is later.
    package static func next(
        after tries: Int, firstTry: Timestamp, now: Timestamp, wish: Timestamp?,
        using generator: inout some RandomNumberGenerator
    ) -> Timestamp? {
        let end = firstTry + span
        guard now < end,
            let delay = early.delay(attempt: tries, using: &generator) ?? hourly.delay(attempt: 1, using: &generator)
        else { return nil }
        return min(max(now + delay, wish ?? now), end)
    }
    /// After a try that failed by a fault of ours, which counts for nothing. Soon; from the sixtieth try on, of whatever kind, in an hour:
    /// a fault that does not pass is nobody's every minute.
    package static func afterOurFault(
        attempt: Int, now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> Timestamp {
        now + ((attempt < 60 ? soon : hourly).delay(attempt: 1, using: &generator) ?? .seconds(60))
    }
}

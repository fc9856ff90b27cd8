import Egress
import Postgres

/// When an event that was not acknowledged is sent again.
package enum DeliverySchedule {
    /// The time from the first attempt to the last. An endpoint that no attempt has reached for this long is `failing`.
    package static let span = Duration.seconds(24 * 3600)

    private static let early = RetrySchedule(
        delays: [
            .seconds(10), .seconds(30), .seconds(60), .seconds(120), .seconds(300), .seconds(600), .seconds(1200),
            .seconds(2400),
        ], jitter: 0.2)
    private static let hourly = RetrySchedule(delays: [.seconds(3600)], jitter: 0.2)
    private static let soon = RetrySchedule(delays: [.seconds(60)], jitter: 0.2)

    /// Returns when the next attempt is due; nil after the last one. The last one is at the end of `span`, if it would otherwise be later.
    ///
    /// - Parameters:
    ///   - tries: how many attempts have failed, from 1.
    ///   - wish: the receiver's `Retry-After`, used if it is later than the schedule.
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

    /// Returns when the next attempt is due after an error of ours, which does not count: in a minute, or in an hour from the 60th attempt on,
    /// because a permanent error need not be tried every minute.
    package static func afterOurFault(
        attempt: Int, now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> Timestamp {
        now + ((attempt < 60 ? soon : hourly).delay(attempt: 1, using: &generator) ?? .seconds(60))
    }
}

import Postgres
import Synchronization

/// The time of day, which stands still until a test moves it.
package final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    package init(at start: Timestamp = .now()) { time = Mutex(start) }

    package var now: @Sendable () -> Timestamp { { [self] in time.withLock { $0 } } }

    package func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

/// A clock for lengths of time, which stands still until a test moves it.
package final class SteadyTestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    package init() {}

    package var now: @Sendable () -> ContinuousClock.Instant { { [self] in time.withLock { $0 } } }

    package func advance(by duration: Duration) { time.withLock { $0 += duration } }
}

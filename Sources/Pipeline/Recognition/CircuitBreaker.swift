import Synchronization

/// Spares callers a service that failed again and again just before.
///
/// Closed, it lets everybody through. After `threshold` failures in a row it opens: nobody gets through for `pause`. Then it lets
/// one through to try; a success closes it, a failure opens it again. What ended while it was in another state than it began in
/// says nothing about the present and is ignored.
package final class CircuitBreaker: Sendable {
    /// Leave to call. Its holder reports how that ended, exactly once.
    package struct Permit: Sendable {
        fileprivate let generation: Int
    }

    package enum Outcome: Sendable {
        case success
        case failure
        /// Neither: it was cancelled, say.
        case unknown
    }

    private enum Phase {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant)
        /// Open, and one is trying.
        case trying
    }

    private struct State {
        var phase = Phase.closed(failures: 0)
        /// Counts the phases' changes.
        var generation = 0

        mutating func enter(_ phase: Phase) {
            self.phase = phase
            generation += 1
        }
    }

    private let threshold: Int
    private let pause: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    package init(
        threshold: Int = 5, pause: Duration = .seconds(30),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        precondition(threshold > 0, "at least one failure opens a breaker")
        self.threshold = threshold
        self.pause = pause
        self.now = now
    }

    /// - Parameter mayTry: whether the call tells if the service is back; one that is made in any case need not.
    /// - Returns: nil when the service is not to be asked now.
    package func enter(mayTry: Bool = true) -> Permit? {
        state.withLock { state in
            switch state.phase {
            case .closed: return Permit(generation: state.generation)
            case .trying: return nil
            case .open(let until):
                guard mayTry, now() >= until else { return nil }
                state.enter(.trying)
                return Permit(generation: state.generation)
            }
        }
    }

    /// - Returns: whether that opened the breaker.
    @discardableResult
    package func leave(_ permit: Permit, _ outcome: Outcome) -> Bool {
        state.withLock { state in
            guard permit.generation == state.generation else { return false }
            switch (state.phase, outcome) {
            case (.closed, .success): state.phase = .closed(failures: 0)
            case (.closed(let failures), .failure) where failures + 1 < threshold:
                state.phase = .closed(failures: failures + 1)
            case (.closed, .failure), (.trying, .failure):
                state.enter(.open(until: now() + pause))
                return true
            case (.trying, .success): state.enter(.closed(failures: 0))
            // The next one may try at once.
            case (.trying, .unknown): state.enter(.open(until: now()))
            case (.closed, .unknown), (.open, _): break
            }
            return false
        }
    }
}

import Synchronization

/// Keeps callers from a service that has just failed repeatedly.
///
/// While closed, it lets every call through. After `threshold` failures in a row it opens and lets no call through for `pause`. Then
/// it lets one call through: a success closes it, a failure opens it again. It ignores the outcome of a call that began in another
/// state, because that says nothing about the present.
package final class CircuitBreaker: Sendable {
    /// Permission for one call. Its holder reports the outcome exactly once.
    package struct Permit: Sendable {
        fileprivate let generation: Int
    }

    package enum Outcome: Sendable {
        case success
        case failure
        /// Neither, such as a cancelled call.
        case unknown
    }

    private enum Phase {
        case closed(failures: Int)
        case open(until: ContinuousClock.Instant)
        /// Open, while one call tries whether the service is back.
        case trying
    }

    private struct State {
        var phase = Phase.closed(failures: 0)
        /// Counts the changes of phase.
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
        precondition(threshold > 0, "threshold must be at least 1")
        self.threshold = threshold
        self.pause = pause
        self.now = now
    }

    /// Requests permission for a call.
    ///
    /// - Parameter mayTry: Whether this call may be the one that tries whether the service is back.
    /// - Returns: Nil if the service must not be called now.
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

    /// Reports the outcome of a call.
    ///
    /// - Returns: Whether this outcome opened the breaker.
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

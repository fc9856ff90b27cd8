// Tells operators that something which the service needs is away, whoever asks for it and however often: at once, then once a minute while
// it lasts, and when it is back.
//
// Guarantees: no more than one line a minute says "away", also where what is away comes and goes; "back" is said only of what was told to be
// away. It lies here because the pool of connections, the lowest of those who ask, tells of its server by it.

import Logging
import Synchronization

package final class Outage: Sendable {
    private struct State {
        /// Of the first failure since it last worked.
        var since: ContinuousClock.Instant?
        var lastReported: ContinuousClock.Instant?
        /// Operators know of the outage under way.
        var isReported = false
    }

    private static let interval = Duration.seconds(60)

    private let begun, lasting, over: Logger.Message
    private let level: Logger.Level
    private let gracePeriod: Duration
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    /// So that those for whom all is well need no lock.
    private let failing = Atomic(false)
    private let failures = Atomic(0)

    /// - Parameters:
    ///   - begun: what is said first, then `lasting`, at the end `over`.
    ///   - gracePeriod: how long it must have failed before anything is said.
    package init(
        begun: String, lasting: String, over: String, level: Logger.Level = .error, gracePeriod: Duration = .zero,
        logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        (self.begun, self.lasting, self.over) = ("\(begun)", "\(lasting)", "\(over)")
        self.level = level
        self.gracePeriod = gracePeriod
        self.logger = logger
        self.now = now
    }

    /// Of something that is there or not: `the database`.
    package convenience init(
        of what: String, level: Logger.Level = .error, gracePeriod: Duration = .zero, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.init(
            begun: "\(what) is away", lasting: "\(what) is still away", over: "\(what) is back", level: level,
            gracePeriod: gracePeriod, logger: logger, now: now)
    }

    /// It failed and has not worked since.
    package var isOngoing: Bool { failing.load(ordering: .acquiring) }

    /// For who begins something now: see `works(since:)`.
    package var mark: Int { failures.load(ordering: .acquiring) }

    /// - Parameter details: computed only where a line is written.
    package func failed(_ details: @autoclosure () -> Logger.Metadata) {
        let moment = now()
        failures.add(1, ordering: .acquiringAndReleasing)
        let line = state.withLock { state -> (Logger.Message, Duration)? in
            let since = state.since ?? moment
            state.since = since
            failing.store(true, ordering: .releasing)
            guard moment - since >= gracePeriod, state.lastReported.map({ moment - $0 >= Self.interval }) ?? true else {
                return nil
            }
            defer { (state.isReported, state.lastReported) = (true, moment) }
            return (state.isReported ? lasting : begun, moment - since)
        }
        guard let (message, age) = line else { return }
        logger.log(level: level, message, metadata: details().merging(Self.seconds(age)) { $1 })
    }

    package func failed(_ error: any Error) { failed(["error": "\(error)"]) }

    /// - Parameter mark: of the beginning of what worked. Where it failed for somebody since then that says nothing: the end of what was
    ///   under way when it went is not its return.
    package func works(since mark: Int? = nil) {
        guard isOngoing, mark ?? self.mark == self.mark else { return }
        let moment = now()
        let age = state.withLock { state -> Duration? in
            failing.store(false, ordering: .releasing)
            defer { (state.since, state.isReported) = (nil, false) }
            return state.isReported ? state.since.map { moment - $0 } : nil
        }
        if let age { logger.notice(over, metadata: Self.seconds(age)) }
    }

    private static func seconds(_ age: Duration) -> Logger.Metadata { ["seconds": "\(age.components.seconds)"] }
}

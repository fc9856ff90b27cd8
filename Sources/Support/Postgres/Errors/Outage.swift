// Logs that something which a node needs does not answer: at once, then once a minute, then when it is back. It does not matter how many
// callers notice it, and how often.
//
// Guarantees: at most one line a minute says "away", even if the thing comes and goes. "Back" is only logged after "away". The type is in this
// module because the connection pool, the lowest layer that uses it, logs the server's outages with it.

import Logging
import Synchronization

package final class Outage: Sendable {
    private struct State {
        /// When it first failed since it last worked.
        var since: ContinuousClock.Instant?
        var lastReported: ContinuousClock.Instant?
        /// Whether the current outage was logged.
        var isReported = false
    }

    private static let interval = Duration.seconds(60)

    private let begun, lasting, over: Logger.Message
    private let level: Logger.Level
    private let gracePeriod: Duration
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    /// An atomic, so that callers need no lock while all is well.
    private let failing = Atomic(false)
    private let failures = Atomic(0)

    /// - Parameters:
    ///   - begun: the first message. Then comes `lasting`, at the end `over`.
    ///   - gracePeriod: how long it must have failed before anything is logged.
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

    /// Makes the messages from the name of what is away, such as `the database`.
    package convenience init(
        of what: String, level: Logger.Level = .error, gracePeriod: Duration = .zero, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.init(
            begun: "\(what) is away", lasting: "\(what) is still away", over: "\(what) is back", level: level,
            gracePeriod: gracePeriod, logger: logger, now: now)
    }

    /// Whether it failed and has not worked since.
    package var isOngoing: Bool { failing.load(ordering: .acquiring) }

    /// A number for a call that begins now, to pass to `works(since:)`.
    package var mark: Int { failures.load(ordering: .acquiring) }

    /// - Parameter details: computed only if a line is written.
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

    /// - Parameter mark: the value of `mark` when the call that worked began. If another call has failed since then, this one proves nothing: it
    ///   may have been answered just before the outage.
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

extension Outage {
    /// Records what an error says about the server. An error that the server sent proves that the server answers. Returns the error, marked as
    /// reported if this outage covers it: no connection could be opened, one broke, or none was free during the outage.
    ///
    /// - Parameter mark: the value of ``mark`` when the failed work began.
    func watch(_ error: PostgresError, since mark: Int) -> PostgresError {
        switch error.kind {
        case .connectionLost, .commitOutcomeUnknown:
            failed(error)
        case .timeout, .poolExhausted:
            guard isOngoing else { return error }
        case .server:
            works(since: mark)
            return error
        case .decoding, .usage:
            return error
        }
        var reported = error
        reported.isReported = true
        return reported
    }
}

extension Logger {
    /// Logs that something failed. If that is because the database does not answer, which its pool logs as an ``Outage``, the line is written
    /// at debug level. Otherwise every caller would log the same, many times a second.
    package func failure(
        _ message: Logger.Message, _ error: any Error, level: Logger.Level = .error, metadata: Logger.Metadata = [:]
    ) {
        log(
            level: (error as? PostgresError)?.isReported == true ? .debug : level, message,
            metadata: metadata.merging(["error": "\(error)"]) { $1 })
    }
}

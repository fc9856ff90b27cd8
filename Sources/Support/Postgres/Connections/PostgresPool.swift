// A limited number of connections. Each is lent to one piece of work at a time.
//
// Guarantees: there are never more than `size` connections in use. Callers are served in the order of arrival, wait no longer than
// `acquireTimeout`, and at most `maxWaiters` of them wait. What runs on a connection is synchronous, so that no transaction
// stays open across an `await`. On failure: broken connections are replaced, and only clean ones are used again.

import Logging
import Synchronization

package final class PostgresPool: Sendable {
    let configuration: Configuration
    let logger: Logger
    let state: Mutex<State>
    let idle: IdleConnections
    let lookups = Mutex(LookupLine())

    /// Opens no connection yet.
    ///
    /// - Parameter idle: the idle connections of several pools, if they share them. All these pools have the same
    ///   ``Configuration/settings``, other than `kept`.
    package init(configuration: Configuration, sharing idle: IdleConnections = IdleConnections(), logger: Logger) {
        self.configuration = configuration
        self.idle = idle
        self.logger = logger
        state = Mutex(State(size: configuration.size))
    }

    /// Runs `body` in a transaction: COMMIT if it returns, ROLLBACK if it throws.
    ///
    /// BEGIN and the settings (which end with the transaction) are sent together with the first statement. `body` runs on the connection's thread.
    /// After a serialization failure or a deadlock it runs **again** in a new transaction, at most `retries` times. So it must
    /// do nothing that a rollback does not undo. If the connection is dead before the transaction begins, it is replaced once.
    ///
    /// - Throws: what `body` throws; `CancellationError` if the task is cancelled, even in the middle of a statement;
    ///   `PostgresError`, of kind `.commitOutcomeUnknown` if the connection broke during COMMIT.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        retries: Int = 3, _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        let start = configuration.start(settings, isolation: isolation)
        let limit = configuration.workTimeout
        return try await perform(retries: retries) { await $0.attempt(start, within: limit, body) }
    }

    /// Runs one statement in a transaction of its own, in one round trip with its settings. It does not run again after a lost connection, because
    /// it may have been executed.
    @discardableResult
    package func query(_ query: PostgresQuery, settings: [(name: String, value: String)] = []) async throws
        -> PostgresRows
    {
        let start = configuration.start(settings, isolation: .readCommitted)
        let limit = configuration.workTimeout
        return try await perform(retries: 3) { await $0.attempt(query, after: start, within: limit) }
    }

    /// Like `query`, but returns the number of affected rows.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }

    func perform<T: Sendable>(
        retries: Int, _ work: (PostgresConnection) async -> PostgresConnection.Outcome<T>
    ) async throws -> T {
        let mark = configuration.outage?.mark ?? 0
        do {
            let value = try await performUnwatched(retries: retries, work)
            configuration.outage?.works(since: mark)
            return value
        } catch let error as PostgresError {
            throw configuration.outage?.watch(error, since: mark) ?? error
        }
    }

    private func performUnwatched<T: Sendable>(
        retries: Int, _ work: (PostgresConnection) async -> PostgresConnection.Outcome<T>
    ) async throws -> T {
        var attempts = 0
        var isReplaced = false
        while true {
            let connection = try await lease(mustAnswer: isReplaced)
            let outcome = await work(connection)
            await giveBack(connection, isReusable: outcome.isReusable)
            switch outcome.result {
            case .success(let value): return value
            case .failure where outcome.wasLostBeforeStart && !isReplaced:
                isReplaced = true
            case .failure(let error):
                guard outcome.isRetryable, attempts < retries else { throw error }
                attempts += 1
                // A random delay, so that transactions that clashed do not clash again.
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...(10 << min(attempts, 5)))))
            }
        }
    }

    /// Returns an open connection, for which the caller holds a place. It is tested first if it was idle for long or if `mustAnswer`.
    private func lease(mustAnswer: Bool) async throws -> PostgresConnection {
        try await acquire()
        if let entry = idle.take() {
            if !mustAnswer, entry.since.duration(to: .now) <= configuration.validateAfterIdle {
                return entry.connection
            }
            if await entry.connection.ping() { return entry.connection }
            await entry.connection.close()
        }
        do {
            try Task.checkCancellation()
            return try await PostgresConnection.open(configuration, logger: logger)
        } catch {
            release()
            throw error
        }
    }

    private func giveBack(_ connection: PostgresConnection, isReusable: Bool) async {
        // Closed before the place is released, so that the server never sees more connections than there are places.
        if !isReusable || !idle.put(connection) { await connection.close() }
        release()
    }
}

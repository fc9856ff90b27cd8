// A bounded number of connections, lent to one piece of work at a time.
//
// Guarantees: never more than `size` connections; callers are served in the order in which they came, wait no longer
// than `acquireTimeout`, and no more than `maxWaiters` of them wait; what runs on a connection is synchronous, so that
// no transaction stays open while anything awaits. On failure: broken connections are replaced, connections are given
// back only when clean.

import Logging
import Synchronization

package final class PostgresPool: Sendable {
    let configuration: Configuration
    let logger: Logger
    let state: Mutex<State>

    /// Connects lazily.
    package init(configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        state = Mutex(State(size: configuration.size))
    }

    /// Runs `body` in a transaction: COMMIT when it returns, ROLLBACK when it throws.
    ///
    /// BEGIN and the settings (each local to the transaction) take one round trip. `body` runs on the connection's
    /// thread, and **again**, on a clean transaction, after a serialization failure or a deadlock, at most `retries`
    /// times: it must do nothing that cannot be undone. A connection found dead before the transaction had begun is
    /// replaced once.
    ///
    /// - Throws: what `body` throws; `CancellationError` when the task is cancelled, also in the middle of a statement;
    ///   `PostgresError`, of kind `.commitOutcomeUnknown` when the connection broke during COMMIT.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        retries: Int = 3, _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        let start = isolation.start(settings: settings)
        return try await perform(retries: retries) { await $0.attempt(start, body) }
    }

    /// One statement in a transaction of its own. Not run again after a lost connection: it may have been done.
    @discardableResult
    package func query(_ query: PostgresQuery) async throws -> PostgresRows {
        try await perform(retries: 3) { await $0.attempt(query) }
    }

    /// As `query`, answering the number of rows that the statement touched.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }

    private func perform<T: Sendable>(
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
                // Those that clashed come back at different moments.
                try await Task.sleep(for: .milliseconds(Int.random(in: 1...(10 << min(attempts, 5)))))
            }
        }
    }

    /// A connection that is open, and that answers if it was unused for long or if `mustAnswer`.
    private func lease(mustAnswer: Bool) async throws -> PostgresConnection {
        let slot = try await acquire()
        if let idle = slot {
            if !mustAnswer, idle.since.duration(to: .now) <= configuration.validateAfterIdle { return idle.connection }
            if await idle.connection.ping() { return idle.connection }
            await idle.connection.close()
        }
        do {
            try Task.checkCancellation()
            return try await PostgresConnection.open(configuration, logger: logger)
        } catch {
            release(nil)
            throw error
        }
    }

    private func giveBack(_ connection: PostgresConnection, isReusable: Bool) async {
        if isReusable, release(IdleConnection(connection: connection, since: .now)) { return }
        // Closed first, so that the server never sees more than `size` of them.
        await connection.close()
        release(nil)
    }
}

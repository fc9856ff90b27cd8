// A connection with a thread of its own, so that libpq may block without holding up anything else.
//
// Guarantees: a transaction begins, runs and ends on that thread without a suspension in between. On failure: a lost
// connection stays lost; `PostgresPool` replaces it.

import Logging

package actor PostgresConnection {
    private let thread: ConnectionThread
    private var session: PostgresSession?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init() throws { thread = try ConnectionThread(name: "postgres") }

    deinit { thread.stop() }

    /// Connects, with the configuration's `connectTimeout` for each address of the server.
    /// - Throws: `PostgresError`.
    package static func open(
        _ configuration: PostgresPool.Configuration, logger: Logger
    ) async throws -> PostgresConnection {
        let connection = try PostgresConnection()
        try await connection.connect(configuration, logger)
        return connection
    }

    private func connect(_ configuration: PostgresPool.Configuration, _ logger: Logger) throws {
        session = try PostgresSession(configuration: configuration, logger: logger)
    }

    /// Closes the connection for good.
    package func close() { session = nil }

    func ping() -> Bool { session.map { session in session.bounded(nil) { session.ping() } } ?? false }

    /// How one piece of work ended, and the state of its connection.
    struct Outcome<T: Sendable>: Sendable {
        let result: Result<T, any Error>
        /// The connection was lost before the server had received anything of this work that it could keep.
        var wasLostBeforeStart = false
        /// The same work may succeed if it runs again.
        var isRetryable = false
        /// The connection is clean, and others may use it.
        var isReusable = false
    }

    /// Runs one transaction, once. Does not throw, because the pool needs to know how it ended.
    ///
    /// - Parameter limit: how long all of it may take, if that is less than the connection's own limit.
    nonisolated func attempt<T: Sendable>(
        _ start: TransactionStart, within limit: Duration?, _ body: @Sendable (PostgresTransaction) throws -> T
    ) async -> Outcome<T> {
        await withSession(limit) { $0.transaction(start, body) }
    }

    /// Runs one statement in a transaction of its own, once.
    ///
    /// - Parameter start: the settings that it needs.
    nonisolated func attempt(
        _ query: PostgresQuery, after start: TransactionStart, within limit: Duration?
    ) async -> Outcome<PostgresRows> {
        await withSession(limit) { $0.autocommit(query, after: start) }
    }

    /// Runs lookups in one round trip.
    nonisolated func attempt(
        _ lookups: [Lookup], within limit: Duration?
    ) async -> Outcome<[PostgresSession.LookupResult]> {
        await withSession(limit) { $0.lookUp(lookups) }
    }

    // Nonisolated, so that the call of `run` switches to the actor's thread. In an isolated method, the closure would run on
    // Swift's pool (as of Swift 6.3) and block it.
    private nonisolated func withSession<T: Sendable>(
        _ limit: Duration?, _ body: @Sendable (PostgresSession) -> Outcome<T>
    ) async -> Outcome<T> {
        let ticket = CancelTicket()
        return await withTaskCancellationHandler {
            await run(ticket, limit, body)
        } onCancel: {
            ticket.cancel()
        }
    }

    private func run<T: Sendable>(
        _ ticket: CancelTicket, _ limit: Duration?, _ body: (PostgresSession) -> Outcome<T>
    ) -> Outcome<T> {
        guard let session else {
            return Outcome(result: .failure(PostgresError.usage("the connection is closed")))
        }
        session.noticeEnd()
        guard session.isAlive else {
            let error = PostgresError.connectionLost("the connection was lost")
            return Outcome(result: .failure(error), wasLostBeforeStart: true)
        }
        session.begin(ticket)
        var outcome = session.bounded(limit) { body(session) }
        session.endTicket()
        outcome.isReusable = session.isReusable
        return outcome
    }
}

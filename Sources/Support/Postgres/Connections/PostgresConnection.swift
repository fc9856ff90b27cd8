// One connection on a thread of its own, so that libpq may block without holding up anything else.
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

    /// Connects, within the configuration's `connectTimeout` for each address.
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

    /// The connection is of no use afterward.
    package func close() { session = nil }

    func ping() -> Bool { session.map { session in session.bounded { session.ping() } } ?? false }

    /// What became of one piece of work, and of the connection under it.
    struct Outcome<T: Sendable>: Sendable {
        let result: Result<T, any Error>
        /// The connection was found dead before the server had anything of this work to keep.
        var wasLostBeforeStart = false
        /// The same work may succeed when it runs again.
        var isRetryable = false
        /// The connection is clean and may serve others.
        var isReusable = false
    }

    /// One transaction, once. Never throws: the pool needs to know how it ended.
    nonisolated func attempt<T: Sendable>(
        _ start: [PostgresQuery], _ body: @Sendable (PostgresTransaction) throws -> T
    ) async -> Outcome<T> {
        await withSession { $0.transaction(start, body) }
    }

    /// One statement in a transaction of its own, once.
    nonisolated func attempt(_ query: PostgresQuery) async -> Outcome<PostgresRows> {
        await withSession { $0.autocommit(query) }
    }

    // Nonisolated, so that the call of `run` is a hop to the actor's thread. The closure of an isolated method would run
    // on Swift's pool here (Swift 6.3), and block it.
    private nonisolated func withSession<T: Sendable>(
        _ body: @Sendable (PostgresSession) -> Outcome<T>
    ) async -> Outcome<T> {
        let ticket = CancelTicket()
        return await withTaskCancellationHandler {
            await run(ticket, body)
        } onCancel: {
            ticket.cancel()
        }
    }

    private func run<T: Sendable>(_ ticket: CancelTicket, _ body: (PostgresSession) -> Outcome<T>) -> Outcome<T> {
        guard let session else {
            return Outcome(result: .failure(PostgresError.usage("the connection is closed")))
        }
        session.noticeEnd()
        guard session.isAlive else {
            let error = PostgresError.connectionLost("the connection was lost")
            return Outcome(result: .failure(error), wasLostBeforeStart: true)
        }
        session.begin(ticket)
        var outcome = session.bounded { body(session) }
        session.endTicket()
        outcome.isReusable = session.isReusable
        return outcome
    }
}

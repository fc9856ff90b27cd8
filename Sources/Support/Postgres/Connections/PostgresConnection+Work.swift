// The calls of the pool on a single connection, for work that needs a session of its own, such as a migration.

extension PostgresConnection {
    /// Like `PostgresPool.transaction`, but without retries.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(isolation.start(settings: settings), body).result.get()
    }

    /// Runs one statement in a transaction of its own.
    @discardableResult
    package func query(_ query: PostgresQuery) async throws -> PostgresRows { try await attempt(query).result.get() }

    /// Like `query`, but returns the number of affected rows.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }
}

/// How much a transaction sees of others' changes while it runs.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"

    /// The statements that begin a transaction: BEGIN and its local settings.
    func start(settings: [(name: String, value: String)]) -> [PostgresQuery] {
        let begin: PostgresQuery = "BEGIN ISOLATION LEVEL \(unescaped: rawValue)"
        return [begin] + settings.map { "SELECT set_config(\($0.name), \($0.value), true)" }
    }
}

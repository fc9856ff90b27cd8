// The calls of the pool on a single connection, for work that needs a session of its own, such as a migration.

extension PostgresConnection {
    /// Like `PostgresPool.transaction`, but without retries.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(isolation.start(settings: settings), within: nil, body).result.get()
    }

    /// Runs one statement in a transaction of its own.
    @discardableResult
    package func query(_ query: PostgresQuery) async throws -> PostgresRows {
        try await attempt(query, after: [], within: nil).result.get()
    }

    /// Like `query`, but returns the number of affected rows.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }
}

/// How much a transaction sees of others' changes while it runs.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"

    /// The statements that begin a transaction: BEGIN and its local settings, in their order.
    func start(settings: [(name: String, value: String)]) -> [PostgresQuery] {
        let begin: PostgresQuery = "BEGIN ISOLATION LEVEL \(unescaped: rawValue)"
        if settings.isEmpty { return [begin] }
        let calls = settings.map { "set_config(\($0.name), \($0.value), true)" as PostgresQuery }
        return [begin, "SELECT \(PostgresQuery(joining: calls, separator: ", "))"]
    }
}

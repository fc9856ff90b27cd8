// The same work as the pool offers, on one connection: for what needs a session of its own, such as a migration.

extension PostgresConnection {
    /// As `PostgresPool.transaction`, without retries.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(isolation.start(settings: settings), body).result.get()
    }

    /// One statement in a transaction of its own.
    @discardableResult
    package func query(_ query: PostgresQuery) async throws -> PostgresRows { try await attempt(query).result.get() }

    /// As `query`, answering the number of rows that the statement touched.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }
}

/// How much a transaction sees of others while it runs.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"

    /// What opens a transaction: BEGIN and its local settings.
    func start(settings: [(name: String, value: String)]) -> [PostgresQuery] {
        let begin: PostgresQuery = "BEGIN ISOLATION LEVEL \(unescaped: rawValue)"
        return [begin] + settings.map { "SELECT set_config(\($0.name), \($0.value), true)" }
    }
}

// The calls of the pool on a single connection, for work that needs a session of its own, such as a migration.

extension PostgresConnection {
    /// Like `PostgresPool.transaction`, but without retries.
    @discardableResult
    package func transaction<T: Sendable>(
        settings: [(name: String, value: String)] = [], isolation: PostgresIsolation = .readCommitted,
        _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await attempt(TransactionStart(isolation: isolation, local: settings), within: nil, body).result.get()
    }

    /// Runs one statement in a transaction of its own.
    @discardableResult
    package func query(_ query: PostgresQuery) async throws -> PostgresRows {
        let start = TransactionStart(isolation: .readCommitted, local: [])
        return try await attempt(query, after: start, within: nil).result.get()
    }

    /// Like `query`, but returns the number of affected rows.
    @discardableResult
    package func execute(_ query: PostgresQuery) async throws -> Int { try await self.query(query).affectedRows }
}

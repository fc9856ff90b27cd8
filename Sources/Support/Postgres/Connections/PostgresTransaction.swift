// A transaction under way, as its closure sees it. Not Sendable and unusable once the closure has returned.

package final class PostgresTransaction {
    fileprivate let session: PostgresSession
    private var isOpen = true

    init(session: PostgresSession) { self.session = session }

    func end() { isOpen = false }

    /// One statement with its binds.
    /// - Throws: `PostgresError`; `CancellationError` when the task was cancelled. After an error of the server the
    ///   transaction refuses everything but the end.
    @discardableResult
    package func query(_ query: PostgresQuery) throws -> PostgresRows {
        try guarded { try session.run(query) }
    }

    /// As `query`, answering the number of rows that the statement touched.
    @discardableResult
    package func execute(_ query: PostgresQuery) throws -> Int { try self.query(query).affectedRows }

    /// The first row's only column; nil where there is no row.
    package func first<T: PostgresDecodable>(_ query: PostgresQuery, as type: T.Type) throws -> T? {
        try self.query(query).first?.decode(type)
    }

    /// The first row, decoded by position; nil where there is none.
    package func first<each T: PostgresDecodable>(
        _ query: PostgresQuery, as types: repeat (each T).Type
    ) throws -> (repeat each T)? {
        try self.query(query).first?.decode(repeat each types)
    }

    /// Every row's only column.
    package func all<T: PostgresDecodable>(_ query: PostgresQuery, as type: T.Type) throws -> [T] {
        try self.query(query).decode(type)
    }

    /// Every row, decoded by position.
    package func all<each T: PostgresDecodable>(
        _ query: PostgresQuery, as types: repeat (each T).Type
    ) throws -> [(repeat each T)] {
        try self.query(query).decode(repeat each types)
    }

    /// All statements in one round trip. The first error is thrown, and what follows it is not run.
    @discardableResult
    package func batch(_ queries: [PostgresQuery]) throws -> [PostgresRows] {
        try guarded { try session.batch(queries) }
    }

    private func guarded<T>(_ body: () throws -> T) throws -> T {
        guard isOpen else { throw PostgresError.usage("the transaction has ended") }
        let value = try body()
        guard !session.isIdle else {
            isOpen = false
            throw PostgresError.usage("a statement ended the transaction that its closure stands in")
        }
        return value
    }
}

extension PostgresTransaction {
    /// Several statements at once, in the simple protocol and without binds: a migration's file.
    /// - Returns: whether this transaction still stands afterward: not when they ended it, even if they began another.
    func script(_ sql: String) throws -> Bool {
        let number: PostgresQuery = "SELECT pg_current_xact_id()::text"
        let before = try first(number, as: String.self)
        do {
            _ = try session.runScript(sql)
        } catch {
            guard session.isIdle else { throw error }
            return false
        }
        return try session.isInTransaction && first(number, as: String.self) == before
    }
}

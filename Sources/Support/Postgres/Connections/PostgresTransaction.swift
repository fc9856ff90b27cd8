// A running transaction, for its closure. It is not Sendable, and cannot be used after the closure has returned.

package final class PostgresTransaction {
    fileprivate let session: PostgresSession
    /// BEGIN and the settings, until they are sent together with the first statement.
    private var start: [PostgresQuery]
    private var isOpen = true

    init(session: PostgresSession, start: [PostgresQuery]) {
        self.session = session
        self.start = start
    }

    /// Whether the server has answered a statement of this transaction.
    var hasBegun: Bool { start.isEmpty }

    func end() { isOpen = false }

    /// Runs one statement with its binds.
    /// - Throws: `PostgresError`; `CancellationError` if the task was cancelled. After an error of the server, the
    ///   transaction rejects all further statements.
    @discardableResult
    package func query(_ query: PostgresQuery) throws -> PostgresRows {
        guard hasBegun else { return try batch([query])[0] }
        return try guarded { try session.run(query) }
    }

    /// Like `query`, but returns the number of affected rows.
    @discardableResult
    package func execute(_ query: PostgresQuery) throws -> Int { try self.query(query).affectedRows }

    /// Returns the only column of the first row; nil if there is no row.
    package func first<T: PostgresDecodable>(_ query: PostgresQuery, as type: T.Type) throws -> T? {
        try self.query(query).first?.decode(type)
    }

    /// Returns the first row, decoded by position; nil if there is no row.
    package func first<each T: PostgresDecodable>(
        _ query: PostgresQuery, as types: repeat (each T).Type
    ) throws -> (repeat each T)? {
        try self.query(query).first?.decode(repeat each types)
    }

    /// Returns the only column of every row.
    package func all<T: PostgresDecodable>(_ query: PostgresQuery, as type: T.Type) throws -> [T] {
        try self.query(query).decode(type)
    }

    /// Returns every row, decoded by position.
    package func all<each T: PostgresDecodable>(
        _ query: PostgresQuery, as types: repeat (each T).Type
    ) throws -> [(repeat each T)] {
        try self.query(query).decode(repeat each types)
    }

    /// Runs all statements in one round trip. The first error is thrown, and the statements after it are not executed.
    @discardableResult
    package func batch(_ queries: [PostgresQuery]) throws -> [PostgresRows] {
        try guarded {
            guard !hasBegun else { return try session.batch(queries) }
            let count = start.count
            // If nothing was sent, or the connection is lost before the server has answered, the transaction has not begun.
            defer {
                if session.answered >= count || session.isAlive && !session.isIdle { start = [] }
            }
            return Array(try session.batch(start + queries).dropFirst(count))
        }
    }

    private func guarded<T>(_ body: () throws -> T) throws -> T {
        guard isOpen else { throw PostgresError.usage("the transaction has ended") }
        let value = try body()
        guard !session.isIdle else {
            isOpen = false
            throw PostgresError.usage("a statement ended the transaction in which it ran")
        }
        return value
    }
}

extension PostgresTransaction {
    /// Runs several statements in one call, in the simple protocol and without binds: the file of a migration.
    /// - Returns: whether this transaction is still open. False if they ended it, even if they began another one.
    func script(_ sql: String) throws -> Bool {
        try batch([])
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

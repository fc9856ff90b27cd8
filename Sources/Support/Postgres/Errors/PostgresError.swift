// An error of PostgreSQL or of the connection to it.
//
// Guarantees: a `PostgresError` never contains a bind value, a DETAIL or a connection URL, so it may be logged.

package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The server rejected a statement; `sqlState` says why.
        case server
        /// No connection could be opened, or it broke. Nothing of the transaction was committed.
        case connectionLost
        /// The connection broke during COMMIT: the transaction may or may not have been committed.
        case commitOutcomeUnknown
        /// No connection became free within the pool's `acquireTimeout`.
        case timeout
        /// The pool's `maxWaiters` callers are already waiting for a connection.
        case poolExhausted
        /// A column has another type or value than the caller asked for.
        case decoding(column: String)
        /// The caller broke a rule of this module.
        case usage
    }

    package let kind: Kind
    /// The server's five-character code, if the error is the server's.
    package var sqlState: String?
    /// The violated constraint, if there is one.
    package var constraint: String?
    /// The table, if the server named one.
    package var table: String?
    /// The server's primary message, or this module's own. It never contains values.
    package let message: String
    /// A prepared statement is older than a change of the schema. Preparing it again helps.
    var isStalePlan = false
    /// The error is part of an outage that the pool's ``Outage`` logs, so nobody else needs to log it each time.
    package internal(set) var isReported = false

    package init(
        kind: Kind, sqlState: String? = nil, constraint: String? = nil, table: String? = nil, message: String
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
        self.message = message
    }

    static func usage(_ message: String) -> PostgresError { PostgresError(kind: .usage, message: message) }

    static func connectionLost(_ message: String) -> PostgresError {
        PostgresError(kind: .connectionLost, message: message)
    }

    /// The same transaction may succeed if it runs again: serialization failure, deadlock.
    package var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// The database cannot be used now, whatever the statement, so the client should try again later.
    package var isUnavailable: Bool {
        switch kind {
        case .connectionLost, .commitOutcomeUnknown, .timeout, .poolExhausted: true
        case .server, .decoding, .usage: false
        }
    }

    /// The statement may succeed later. It waited too long for a lock, took too long, or was chosen to end a deadlock, or the server ran out of
    /// a resource or is shutting down.
    package var isCongestion: Bool {
        guard let sqlState else { return false }
        return isRetryable || sqlState == "55P03" || sqlState == "57014" || sqlState.hasPrefix("53")
            || sqlState.hasPrefix("57P")
    }

    package var description: String {
        var text = "PostgreSQL: \(message)"
        if case .decoding(let column) = kind { text += " (column \(column))" }
        if let sqlState { text += " [\(sqlState)]" }
        if let table { text += " table=\(table)" }
        if let constraint { text += " constraint=\(constraint)" }
        return text
    }
}

// The three errors of decoding a column. The row adds the column's name.
extension PostgresError {
    /// The column is NULL, but `type` is not optional.
    package static func unexpectedNull<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "NULL cannot be read as \(type)")
    }

    /// The column has an SQL type that `type` cannot read.
    package static func mismatch<T>(_ type: T.Type, oid: UInt32) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "a value of type \(oid) cannot be read as \(type)")
    }

    /// The column has the right SQL type, but its value is not one of `type`.
    package static func invalidValue<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "the value is not a valid \(type)")
    }

    func naming(column: String) -> PostgresError {
        guard kind == .decoding(column: "") else { return self }
        return PostgresError(kind: .decoding(column: column), message: message)
    }
}

// What can go wrong between this process and PostgreSQL, in one type.
//
// Guarantees: no bind value, no DETAIL and no connection URL ever stands in a `PostgresError`, so that it may be logged.

package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The server refused a statement; `sqlState` says why.
        case server
        /// There is no connection, or it broke; nothing of the transaction was committed.
        case connectionLost
        /// The connection broke while COMMIT was under way: the transaction may or may not stand.
        case commitOutcomeUnknown
        /// No connection became free within the pool's `acquireTimeout`.
        case timeout
        /// As many callers as the pool's `maxWaiters` already wait for a connection.
        case poolExhausted
        /// A column did not hold what the caller asked for.
        case decoding(column: String)
        /// The caller broke a rule of this module.
        case usage
    }

    package let kind: Kind
    /// The server's five-character code, where the server spoke.
    package var sqlState: String?
    /// The violated constraint, where there is one.
    package var constraint: String?
    /// The table concerned, where the server named one.
    package var table: String?
    /// The server's primary message, or this module's own sentence. Never holds values.
    package let message: String
    /// A prepared statement outlived a change of the schema; preparing it anew cures it.
    var isStalePlan = false
    /// It comes of an outage that the pool's ``Outage`` tells of: nobody else need say so at every turn.
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

    /// The same transaction may well succeed when it runs again: serialization failure, deadlock.
    package var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// The database cannot be used right now, whatever the statement: answer "try later".
    package var isUnavailable: Bool {
        switch kind {
        case .connectionLost, .commitOutcomeUnknown, .timeout, .poolExhausted: true
        case .server, .decoding, .usage: false
        }
    }

    /// The statement met others, or too much of everything, and may well succeed later: it waited too long for a lock or altogether,
    /// was chosen to end a deadlock, or the server ran out of something or is being shut down.
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

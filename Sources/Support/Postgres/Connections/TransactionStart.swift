// How a transaction begins: its isolation, and the settings under which it runs.

/// How much a transaction sees of others' changes while it runs.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

struct TransactionStart: Sendable {
    let isolation: PostgresIsolation
    /// Settings that end with the transaction, in this order.
    let local: [(name: String, value: String)]
    /// Time-outs that the session shall have; nil if they are none of the transaction's business.
    var timeouts: SessionTimeouts?

    /// The statements that begin the transaction.
    ///
    /// - Parameter kept: the time-outs that the session has; nil if that isn't known.
    func statements(kept: SessionTimeouts?) -> [PostgresQuery] {
        ["BEGIN ISOLATION LEVEL \(unescaped: isolation.rawValue)"] + settings(kept: kept)
    }

    /// The statement that makes the settings, if there are any.
    func settings(kept: SessionTimeouts?) -> [PostgresQuery] {
        let session = timeouts.flatMap { $0 == kept ? nil : $0.settings } ?? []
        let calls = session.map { Self.call($0, isLocal: false) } + local.map { Self.call($0, isLocal: true) }
        return calls.isEmpty ? [] : ["SELECT \(PostgresQuery(joining: calls, separator: ", "))"]
    }

    private static func call(_ setting: (name: String, value: String), isLocal: Bool) -> PostgresQuery {
        "set_config(\(setting.name), \(setting.value), \(unescaped: isLocal ? "true" : "false"))"
    }
}

/// The server's time-outs for a session, in milliseconds; zero means none. Its time zone is UTC.
struct SessionTimeouts: Sendable, Equatable {
    let statement: Int64
    let lock: Int64
    let idleInTransaction: Int64

    var settings: [(name: String, value: String)] {
        [
            (name: "statement_timeout", value: "\(statement)"), (name: "lock_timeout", value: "\(lock)"),
            (name: "idle_in_transaction_session_timeout", value: "\(idleInTransaction)"),
            (name: "TimeZone", value: "UTC"),
        ]
    }
}

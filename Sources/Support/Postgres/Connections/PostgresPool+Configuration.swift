// How connections are opened, and how many. A listener and a single connection use the same configuration.

extension PostgresPool {
    package struct Configuration: Sendable {
        /// A libpq URI or conninfo string. Its `sslmode` sets TLS.
        package var url: String
        /// The role in which statements run.
        package var role: String?
        package var settings = ConnectionSettings.kept
        /// Whether the server keeps prepared statements. Poolers that do not know them, such as PgBouncer before 1.21, need false.
        package var preparesStatements = true
        /// The maximum number of connections.
        package var size: Int
        /// How long a caller waits for a connection.
        package var acquireTimeout: Duration
        /// How long connecting to each address of the server may take; whole seconds, at least two.
        package var connectTimeout: Duration
        package var statementTimeout: Duration
        package var lockTimeout: Duration
        package var idleInTransactionTimeout: Duration
        /// How long one piece of work may take, such as a whole transaction. Then its connection is cut, which also works if the
        /// server cannot be reached any more. Nil: only the server's time-outs apply.
        package var workTimeout: Duration?
        package var applicationName: String
        /// How many callers may wait for a connection at a time.
        package var maxWaiters: Int
        /// A connection that was idle for longer is tested with an empty statement before it is used.
        package var validateAfterIdle: Duration = .seconds(30)
        /// Logs when the server does not answer, for all pools and listeners that share it.
        package var outage: Outage?

        /// A time-out of zero for statements, locks or idle transactions means that there is none.
        package init(
            url: String, role: String? = nil, size: Int = 8, acquireTimeout: Duration = .seconds(10),
            connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(30),
            lockTimeout: Duration = .seconds(10), idleInTransactionTimeout: Duration = .seconds(60),
            workTimeout: Duration? = nil, applicationName: String = "verbatim", maxWaiters: Int = 1024
        ) {
            self.url = url
            self.role = role
            self.size = max(1, size)
            self.acquireTimeout = acquireTimeout
            self.connectTimeout = connectTimeout
            self.statementTimeout = statementTimeout
            self.lockTimeout = lockTimeout
            self.idleInTransactionTimeout = idleInTransactionTimeout
            self.workTimeout = workTimeout
            self.applicationName = applicationName
            self.maxWaiters = max(0, maxWaiters)
        }

        /// How a transaction begins that has these settings of its own besides.
        func start(_ settings: [(name: String, value: String)], isolation: PostgresIsolation) -> TransactionStart {
            // The role comes first, so that whatever fails after it fails in the role.
            let role = role.map { [(name: "role", value: $0)] } ?? []
            switch self.settings {
            case .kept: return TransactionStart(isolation: isolation, local: settings)
            case .timeoutsKept:
                return TransactionStart(isolation: isolation, local: role + settings, timeouts: timeouts)
            case .local: return TransactionStart(isolation: isolation, local: role + timeouts.settings + settings)
            }
        }

        private var timeouts: SessionTimeouts {
            SessionTimeouts(
                statement: statementTimeout.wholeMilliseconds, lock: lockTimeout.wholeMilliseconds,
                idleInTransaction: idleInTransactionTimeout.wholeMilliseconds)
        }
    }
}

/// Where role and time-outs are set.
package enum ConnectionSettings: Sendable {
    /// Once, right after connecting; if that fails, the connection is not used. Such a connection belongs to one pool.
    case kept
    /// The role in each transaction, for that transaction. The time-outs in the session, when they are other ones than those of the work before.
    /// So pools can share connections.
    case timeoutsKept
    /// All in each transaction, for that transaction, so that a pooler may stand in between.
    case local
}

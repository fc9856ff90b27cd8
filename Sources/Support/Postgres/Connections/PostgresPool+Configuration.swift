// How connections are opened, and how many. A listener and a single connection use the same configuration.

extension PostgresPool {
    package struct Configuration: Sendable {
        /// A libpq URI or conninfo string. Its `sslmode` sets TLS.
        package var url: String
        /// The role in which statements run.
        package var role: String?
        /// Whether role and time-outs are set once, right after connecting; if that fails, the connection is not used. Else they are set in each
        /// transaction, for that transaction, so that pools can share connections, and a pooler may stand in between.
        package var keepsSettings = true
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

        /// The settings that each transaction has to make, because the connection does not keep them.
        var localSettings: [(name: String, value: String)] {
            if keepsSettings { return [] }
            // The role comes first, so that whatever fails after it fails in the role.
            return (role.map { [(name: "role", value: $0)] } ?? []) + [
                (name: "statement_timeout", value: "\(statementTimeout.wholeMilliseconds)"),
                (name: "lock_timeout", value: "\(lockTimeout.wholeMilliseconds)"),
                (name: "idle_in_transaction_session_timeout", value: "\(idleInTransactionTimeout.wholeMilliseconds)"),
                (name: "TimeZone", value: "UTC"),
            ]
        }
    }
}

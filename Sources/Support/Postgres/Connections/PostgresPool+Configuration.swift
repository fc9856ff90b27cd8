// How connections are made and how many; the same values serve a listener and a lone connection.

extension PostgresPool {
    package struct Configuration: Sendable {
        /// A libpq URI or conninfo string. TLS is its `sslmode`.
        package var url: String
        /// Entered by `SET ROLE` right after connecting; a connection on which that fails is not used.
        package var role: String?
        /// Connections at most.
        package var size: Int
        /// How long a caller waits for a connection.
        package var acquireTimeout: Duration
        /// For each address of the server; whole seconds, 2 at least.
        package var connectTimeout: Duration
        package var statementTimeout: Duration
        package var lockTimeout: Duration
        package var idleInTransactionTimeout: Duration
        /// How long one piece of work may take, a transaction as a whole: then its connection is cut, which helps also where the
        /// server cannot be reached any more. Nil: as long as the server lets it.
        package var workTimeout: Duration?
        package var applicationName: String
        /// Callers that may wait for a connection at one time.
        package var maxWaiters: Int
        /// A connection unused for longer is tried with an empty statement before it is given out.
        package var validateAfterIdle: Duration = .seconds(30)
        /// Tells operators when the server is away, for all pools and listeners that share it.
        package var outage: Outage?

        /// A time-out of zero for statements, locks or idle transactions means none.
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
    }
}

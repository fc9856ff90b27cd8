import Logging
import Postgres

/// A node's connection pools. `app` and `health` see only the tenant that a transaction names. The others see all tenants, in those tables
/// whose policies allow it. Each pool has connections of its own, so that a crowd in one holds up none of the others.
package struct Databases: Sendable {
    package let app: PostgresPool
    package let system: PostgresPool
    /// For requests that are not authenticated yet: logins, refreshes, revocations. However many come, they take no connections from
    /// authenticated customers or the queue.
    package let sessions: PostgresPool
    /// For leases only, because a heartbeat must never wait for a connection.
    package let leases: PostgresPool
    /// For checking whether the database answers, without waiting behind other work.
    package let health: PostgresPool
    /// Logs when the database does not answer, for all these pools.
    package let outage: Outage?

    /// - Parameter size: connections of the `app` pool. `system` gets half as many (at least two), `sessions` a quarter (at least four),
    ///   `leases` two, `health` one.
    package init(url: String, size: Int, outage: Outage? = nil, logger: Logger) {
        self.outage = outage
        func pool(_ configuration: PostgresPool.Configuration) -> PostgresPool {
            var configuration = configuration
            configuration.outage = outage
            return PostgresPool(configuration: configuration, logger: logger)
        }
        app = pool(.service(url: url, role: "verbatim_app", size: size))
        system = pool(.service(url: url, role: "verbatim_system", size: max(2, size / 2)))
        sessions = pool(.sessions(url: url, size: max(4, size / 4)))
        leases = pool(.leases(url: url))
        health = pool(.health(url: url))
    }

    package func close() async {
        for pool in [app, system, sessions, leases, health] { await pool.close() }
    }
}

extension PostgresPool {
    /// Runs a transaction that sees only `tenant`'s rows. Row-level security ensures this, even if a query lacks its `WHERE`.
    package func transaction<T: Sendable>(
        of tenant: TenantID, isolation: PostgresIsolation = .readCommitted,
        _ body: @Sendable (PostgresTransaction) throws -> T
    ) async throws -> T {
        try await transaction(
            settings: [(name: "verbatim.tenant", value: tenant.rawValue)], isolation: isolation, body)
    }
}

extension PostgresPool.Configuration {
    static func service(url: String, role: String, size: Int) -> Self {
        .init(url: url, role: role, size: size, applicationName: "verbatim")
    }

    /// The line is short, so that callers soon get an error. A revocation that hangs is aborted before ``Revocations`` could miss it.
    fileprivate static func sessions(url: String, size: Int) -> Self {
        .init(
            url: url, role: "verbatim_system", size: size, acquireTimeout: .seconds(5), statementTimeout: .seconds(10),
            workTimeout: .seconds(20), maxWaiters: 256)
    }

    /// A query that hangs must end before the lease expires. One connection is for the heartbeat, another one for the checks.
    fileprivate static func leases(url: String) -> Self {
        .init(
            url: url, role: "verbatim_system", size: 2, acquireTimeout: .seconds(5), connectTimeout: .seconds(2),
            statementTimeout: .seconds(10), lockTimeout: .seconds(5), workTimeout: .seconds(12))
    }

    /// Has the same role as `app`, but does not wait in line with its requests.
    fileprivate static func health(url: String) -> Self {
        .init(
            url: url, role: "verbatim_app", size: 1, acquireTimeout: .seconds(5), connectTimeout: .seconds(2),
            statementTimeout: .seconds(5), workTimeout: .seconds(8))
    }

    /// For operators. They act as the owner of the tables, which sees every tenant by its policies.
    package static func owner(url: String) -> Self {
        .init(url: url, role: nil, size: 2, applicationName: "verbatim-admin")
    }
}

import Logging
import Postgres

/// A node's connection pools. `app` and `health` see only the tenant that a transaction names. The others see all tenants, in those tables
/// whose policies allow it. Each pool has places of its own, so that a crowd in one holds up none of the others. Idle connections are shared, and
/// closed when nobody has needed them for a minute.
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

    /// - Parameters:
    ///   - isPooled: whether a pooler in transaction mode may stand between: connections then keep no setting.
    ///   - preparesStatements: false for a pooler that does not know prepared statements.
    ///   - idleLimit: after this time without use, a connection is closed.
    package init(
        url: String, shares: ConnectionShares, isPooled: Bool = false, preparesStatements: Bool = true,
        idleLimit: Duration = .seconds(60),
        outage: Outage? = nil, logger: Logger
    ) {
        self.outage = outage
        let idle = IdleConnections(limit: idleLimit)
        func pool(_ configuration: PostgresPool.Configuration) -> PostgresPool {
            var configuration = configuration
            configuration.outage = outage
            configuration.settings = isPooled ? .local : .timeoutsKept
            configuration.preparesStatements = preparesStatements
            return PostgresPool(configuration: configuration, sharing: idle, logger: logger)
        }
        app = pool(.service(url: url, role: "verbatim_app", size: shares.app))
        system = pool(.service(url: url, role: "verbatim_system", size: shares.system))
        sessions = pool(.sessions(url: url, size: shares.sessions))
        leases = pool(.leases(url: url))
        health = pool(.health(url: url))
    }

    /// - Parameter size: connections of the `app` pool, see ``ConnectionShares/init(app:)``.
    package init(url: String, size: Int, outage: Outage? = nil, logger: Logger) {
        self.init(url: url, shares: ConnectionShares(app: size), outage: outage, logger: logger)
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
            settings: [Self.setting(of: tenant)], isolation: isolation, body)
    }

    /// Runs one statement that sees only `tenant`'s rows, in one round trip.
    ///
    /// - Parameter settings: of the server, for this statement.
    package func query(
        _ query: PostgresQuery, of tenant: TenantID, settings: [(name: String, value: String)] = []
    ) async throws -> PostgresRows {
        try await self.query(query, settings: [Self.setting(of: tenant)] + settings)
    }

    /// Runs a ``lookup(_:settings:)`` that sees only `tenant`'s rows.
    package func lookup(
        _ query: PostgresQuery, of tenant: TenantID, settings: [(name: String, value: String)] = []
    ) async throws -> PostgresRows {
        try await lookup(query, settings: [Self.setting(of: tenant)] + settings)
    }

    private static func setting(of tenant: TenantID) -> (name: String, value: String) {
        (name: "verbatim.tenant", value: tenant.rawValue)
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
            url: url, role: "verbatim_system", size: ConnectionShares.leases, acquireTimeout: .seconds(5),
            connectTimeout: .seconds(2),
            statementTimeout: .seconds(10), lockTimeout: .seconds(5), workTimeout: .seconds(12))
    }

    /// Has the same role as `app`, but does not wait in line with its requests.
    fileprivate static func health(url: String) -> Self {
        .init(
            url: url, role: "verbatim_app", size: ConnectionShares.health, acquireTimeout: .seconds(5),
            connectTimeout: .seconds(2),
            statementTimeout: .seconds(5), workTimeout: .seconds(8))
    }

    /// For operators. They act as the owner of the tables, which sees every tenant by its policies.
    package static func owner(url: String) -> Self {
        .init(url: url, role: nil, size: 2, applicationName: "verbatim-admin")
    }
}

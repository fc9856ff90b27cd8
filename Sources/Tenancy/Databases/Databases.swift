import Logging
import Postgres

/// The service's doors to PostgreSQL: `app` sees the one tenant that a transaction names, the others see across tenants
/// on the tables whose policies say so. Each has connections of its own, so that no crowd at one holds up another.
package struct Databases: Sendable {
    package let app: PostgresPool
    package let system: PostgresPool
    /// For calls of which nobody knows yet whose they are: logins, refreshes, revocations. However many come, they take nothing
    /// from customers who are known, nor from the queue.
    package let sessions: PostgresPool
    /// For the leases of what is being worked on, and for nothing else: who works must be able to say so in time.
    package let leases: PostgresPool
    /// For the question whether the database answers, which stands behind no work.
    package let health: PostgresPool
    /// Tells operators when the database is away, for all of these.
    package let outage: Outage?

    /// - Parameter size: connections of the `app` pool; `system` gets half as many, `sessions` a quarter and four at least, `leases` two, `health` one.
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
    /// A transaction that sees `tenant`'s rows and no other's: row-level security stands behind every `WHERE`.
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

    /// Whoever waits here too long is told so: the line is short. What hangs is cut before ``Revocations`` looks past it.
    fileprivate static func sessions(url: String, size: Int) -> Self {
        .init(
            url: url, role: "verbatim_system", size: size, acquireTimeout: .seconds(5), statementTimeout: .seconds(10),
            workTimeout: .seconds(20), maxWaiters: 256)
    }

    /// A look that hangs must end while the lease still holds. One connection for the heartbeat, one for the looks beside it.
    fileprivate static func leases(url: String) -> Self {
        .init(
            url: url, role: "verbatim_system", size: 2, acquireTimeout: .seconds(5), connectTimeout: .seconds(2),
            statementTimeout: .seconds(10), lockTimeout: .seconds(5), workTimeout: .seconds(12))
    }

    /// As a customer's role, but not in customers' line.
    fileprivate static func health(url: String) -> Self {
        .init(
            url: url, role: "verbatim_app", size: 1, acquireTimeout: .seconds(5), connectTimeout: .seconds(2),
            statementTimeout: .seconds(5), workTimeout: .seconds(8))
    }

    /// The operators' connection: acts as the owner of the tables, whose policies let it see every tenant.
    package static func owner(url: String) -> Self {
        .init(url: url, role: nil, size: 2, applicationName: "verbatim-admin")
    }
}

import Logging
import Postgres

/// The service's two doors to PostgreSQL: `app` sees the one tenant that a transaction names, `system` sees across tenants
/// on the tables whose policies say so.
package struct Databases: Sendable {
    package let app: PostgresPool
    package let system: PostgresPool

    /// - Parameter size: connections of the `app` pool; `system` gets half as many.
    package init(url: String, size: Int, logger: Logger) {
        app = PostgresPool(configuration: .service(url: url, role: "verbatim_app", size: size), logger: logger)
        system = PostgresPool(
            configuration: .service(url: url, role: "verbatim_system", size: max(2, size / 2)), logger: logger)
    }

    package func close() async {
        await app.close()
        await system.close()
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

    /// The operators' connection: acts as the owner of the tables, whose policies let it see every tenant.
    package static func owner(url: String) -> Self {
        .init(url: url, role: nil, size: 2, applicationName: "verbatim-admin")
    }
}

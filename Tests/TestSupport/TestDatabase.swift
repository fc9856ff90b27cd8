// A new database for each test, copied from a template that was migrated once.

import Foundation
import Logging
import Postgres

package struct TestDatabase: Sendable {
    package let name: String
    /// Its URL, as a superuser.
    package let url: String
    private let cluster: TestCluster

    /// Creates a database, with the migrations in that directory applied; nil: an empty one.
    package init(migrations directory: String? = nil) async throws {
        cluster = try await TestCluster.shared()
        let template = try await TemplateCatalog.shared.template(for: directory, in: cluster)
        name = Self.newName("test")
        url = try cluster.url(database: name)
        try await cluster.create(name, template: template)
    }

    /// Drops the database, even if somebody is still connected.
    package func close() async throws {
        try await cluster.admin.execute("DROP DATABASE IF EXISTS \(unescaped: name) WITH (FORCE)")
    }

    /// A pool of connections to it. It may be left open: dropping the database ends them.
    package func pool(role: String? = nil, size: Int = 4) -> PostgresPool {
        PostgresPool(
            // Long time-outs: in a full test run, connections get little processor time.
            configuration: PostgresPool.Configuration(
                url: url, role: role, size: size, acquireTimeout: .seconds(120), statementTimeout: .seconds(300)),
            logger: Logger(label: "test-database"))
    }

    fileprivate static func newName(_ prefix: String) -> String {
        "\(prefix)_\(ProcessInfo.processInfo.processIdentifier)_\(UInt64.random(in: 0 ... .max))"
    }
}

/// Runs `body` on a new database and drops it afterward, also if `body` throws. At most ten run at once.
///
/// - Parameter waitsForPlace: false for tests that are limited in another way. Otherwise they would wait behind all that came before.
package func withTestDatabase<T: Sendable>(
    migrations directory: String? = nil, waitsForPlace: Bool = true, _ body: (TestDatabase) async throws -> T
) async throws -> T {
    guard waitsForPlace else { return try await withOwnDatabase(migrations: directory, body) }
    return try await databases.pass { try await withOwnDatabase(migrations: directory, body) }
}

private func withOwnDatabase<T: Sendable>(
    migrations directory: String?, _ body: (TestDatabase) async throws -> T
) async throws -> T {
    let database = try await TestDatabase(migrations: directory)
    do {
        let value = try await body(database)
        try await database.close()
        return value
    } catch {
        try? await database.close()
        throw error
    }
}

private let databases = Places(10)

extension TestCluster {
    fileprivate func create(_ name: String, template: String) async throws {
        // The default since version 15 copies through the buffers and the write-ahead log, which takes three times as much processor time.
        // Older versions always copy the files.
        let version = try await admin.query("SELECT current_setting('server_version_num')::int4")[0].decode(Int.self)
        let strategy = version >= 150_000 ? " STRATEGY FILE_COPY" : ""
        try await admin.execute(
            "CREATE DATABASE \(unescaped: name) TEMPLATE \(unescaped: template)\(unescaped: strategy)")
    }
}

/// The migrated template databases of this process. Each is created once.
private actor TemplateCatalog {
    static let shared = TemplateCatalog()

    private var templates: [String: Task<String, any Error>] = [:]

    func template(for directory: String?, in cluster: TestCluster) async throws -> String {
        guard let directory else { return "template0" }
        if let known = templates[directory] { return try await known.value }
        let making = Task {
            let name = TestDatabase.newName("template")
            try await cluster.create(name, template: "template0")
            try await Migrator(directory: directory)
                .migrate(url: try cluster.url(database: name), logger: Logger(label: "test-template"))
            return name
        }
        templates[directory] = making
        return try await making.value
    }
}

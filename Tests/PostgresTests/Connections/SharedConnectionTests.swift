import Logging
import Postgres
import TestSupport
import Testing

/// Pools that share one idle connection, and differ in role and time-outs.
@Suite struct SharedConnectionTests {
    private static let wanted: PostgresQuery = """
        SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('TimeZone'),
            current_user::text, coalesce(current_setting('verbatim.tenant', true), '')
        """

    private struct Stop: Error {}

    private func pool(
        _ database: TestDatabase, _ settings: ConnectionSettings, role: String?, statement: Int, lock: Int,
        sharing idle: IdleConnections
    ) -> PostgresPool {
        var configuration = PostgresPool.Configuration(
            url: database.url, role: role, size: 1, acquireTimeout: .seconds(120),
            statementTimeout: .seconds(statement),
            lockTimeout: .seconds(lock))
        configuration.settings = settings
        return PostgresPool(configuration: configuration, sharing: idle, logger: Logger(label: "shared"))
    }

    private func settings(_ row: PostgresRows) throws -> [String] {
        let (statement, lock, zone, user, tenant) = try row.decode(
            String.self, String.self, String.self, String.self, String.self)[0]
        return [statement, lock, zone, user, tenant]
    }

    @Test(arguments: [ConnectionSettings.timeoutsKept, .local])
    func `each work has the settings of its own pool`(_ kind: ConnectionSettings) async throws {
        try await withTestDatabase { database in
            let idle = IdleConnections()
            let long = pool(database, kind, role: nil, statement: 300, lock: 120, sharing: idle)
            let short = pool(database, kind, role: "pg_monitor", statement: 240, lock: 60, sharing: idle)
            let owner = try await database.pool(size: 1).query("SELECT current_user::text").decode(String.self)[0]
            let ofLong = ["5min", "2min", "UTC", owner, ""], ofShort = ["4min", "1min", "UTC", "pg_monitor", ""]
            var backends: Set<Int> = []
            for round in 0..<6 {
                #expect(try await settings(long.query(Self.wanted)) == ofLong)
                // What a transaction sets for the session is undone if it fails, so the next one must set it again.
                await #expect(throws: (any Error).self) {
                    try await short.transaction { transaction in
                        try transaction.execute("SELECT 1")
                        if round % 2 == 0 { throw Stop() }
                        try transaction.execute("SELECT 1/0")
                    }
                }
                #expect(try await settings(short.query(Self.wanted)) == ofShort)
                await #expect(throws: PostgresError.self) { try await long.query("SELECT 1/0") }
                let inside = try await short.transaction(settings: [(name: "verbatim.tenant", value: "t-\(round)")]) {
                    try $0.query(Self.wanted)
                }
                #expect(try settings(inside) == ofShort.dropLast() + ["t-\(round)"])
                #expect(try await settings(short.query(Self.wanted)) == ofShort)
                backends.insert(try await long.query("SELECT pg_backend_pid()").decode(Int.self)[0])
            }
            #expect(backends.count == 1, "one connection served both")
            await long.close()
            await short.close()
        }
    }
}

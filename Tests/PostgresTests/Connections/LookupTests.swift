import Logging
import Postgres
import TestSupport
import Testing

@Suite struct LookupTests {
    /// Pools with a statement cache and without, whose lookups run one connection at a time.
    private static func pools(_ database: TestDatabase) -> [PostgresPool] {
        [ConnectionSettings.kept, .timeoutsKept, .local].map { settings in
            var configuration = PostgresPool.Configuration(
                url: database.url, size: 4, acquireTimeout: .seconds(120), statementTimeout: .seconds(300))
            configuration.settings = settings
            configuration.preparesStatements = settings != .local
            return PostgresPool(configuration: configuration, logger: Logger(label: "lookups"))
        }
    }

    @Test func `each gets its own rows under its own settings`() async throws {
        try await withTestDatabase { database in
            for pool in Self.pools(database) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<500 {
                        group.addTask {
                            let rows = try await pool.lookup(
                                "SELECT \(number), current_setting('verbatim.tenant')",
                                settings: [(name: "verbatim.tenant", value: "t\(number)")])
                            let (found, tenant) = try rows[0].decode(Int.self, String.self)
                            #expect(found == number && tenant == "t\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
                // What one set for its transaction is gone with it.
                let after = try await pool.lookup("SELECT coalesce(current_setting('verbatim.tenant', true), '')")
                #expect(try after.decode(String.self) == [""])
            }
        }
    }

    @Test func `many that wait share round trips, on a quarter of the connections`() async throws {
        try await withTestDatabase { database in
            for pool in Self.pools(database) {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<500 {
                        group.addTask { try await pool.lookup("SELECT pg_backend_pid()").decode(Int.self)[0] }
                    }
                    var backends: Set<Int> = []
                    for try await backend in group { backends.insert(backend) }
                    #expect(backends.count == 1)
                }
            }
        }
    }

    @Test func `an error of one leaves the others alone`() async throws {
        try await withTestDatabase { database in
            for pool in Self.pools(database) {
                for _ in 0..<3 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<200 {
                            group.addTask {
                                guard number % 7 == 3 else {
                                    let rows = try await pool.lookup("SELECT \(number) / \(1)")
                                    #expect(try rows.decode(Int.self) == [number])
                                    return
                                }
                                let error = await #expect(throws: PostgresError.self) {
                                    // Of some the server rejects the values, of others the statement.
                                    try await pool.lookup(
                                        number % 2 == 0 ? "SELECT \(number) / \(0)" : "SELECT nothing")
                                }
                                #expect(error?.sqlState == (number % 2 == 0 ? "22012" : "42703"))
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    @Test func `a lost connection is replaced, and a changed table is read anew`() async throws {
        try await withTestDatabase { database in
            let owner = database.pool(size: 1)
            try await owner.execute("CREATE TABLE t AS SELECT 7 AS n")
            for pool in Self.pools(database) {
                for type in ["text", "bigint", "integer"] {
                    let backend = try await pool.lookup("SELECT pg_backend_pid()").decode(Int.self)[0]
                    _ = try await pool.lookup("SELECT * FROM t")
                    try await owner.execute("SELECT pg_terminate_backend(\(backend)::int, 5000)")
                    _ = try await pool.lookup("SELECT * FROM t")
                    try await owner.execute("ALTER TABLE t ALTER n TYPE \(unescaped: type) USING n::\(unescaped: type)")
                    let rows = try await pool.lookup("SELECT * FROM t")
                    if type == "text" {
                        #expect(try rows.decode(String.self) == ["7"])
                    } else {
                        #expect(try rows.decode(Int.self) == [7])
                    }
                }
            }
        }
    }

    @Test func `a closed pool and a server that is away are errors for each`() async throws {
        try await withTestDatabase { database in
            let pool = Self.pools(database)[0]
            _ = try await pool.lookup("SELECT 1")
            await pool.close()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { await #expect(throws: PostgresError.self) { try await pool.lookup("SELECT 1") } }
                }
            }
        }
    }
}

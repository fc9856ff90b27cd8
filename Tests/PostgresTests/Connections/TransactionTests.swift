import Postgres
import TestSupport
import Testing

private struct Refusal: Error {}

@Suite struct TransactionTests {
    /// A database with one table of numbers.
    private func withNumbers(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            try await pool.execute("CREATE TABLE numbers (n int PRIMARY KEY)")
            try await body(pool)
            await pool.close()
        }
    }

    private func numbers(_ pool: PostgresPool) async throws -> [Int] {
        try await pool.query("SELECT n FROM numbers ORDER BY n").decode(Int.self)
    }

    @Test func `what returns is committed and what throws is not`() async throws {
        try await withNumbers { pool in
            let answer = try await pool.transaction { transaction in
                try transaction.execute("INSERT INTO numbers VALUES (\(1))")
                return try transaction.first("SELECT n, n + 1 FROM numbers", as: Int.self, Int.self)
            }
            let (first, second) = try #require(answer)
            #expect((first, second) == (1, 2))
            await #expect(throws: Refusal.self) {
                try await pool.transaction { transaction in
                    try transaction.execute("INSERT INTO numbers VALUES (2)")
                    throw Refusal()
                }
            }
            #expect(try await numbers(pool) == [1])
        }
    }

    @Test func `a swallowed error still fails the transaction, with that error`() async throws {
        try await withNumbers { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    try transaction.execute("INSERT INTO numbers VALUES (1)")
                    _ = try? transaction.query("SELECT 1/0")
                }
            }
            #expect(error?.sqlState == "22012")
            let kept = try await numbers(pool)
            #expect(kept == [])
        }
    }

    @Test func `settings hold for their transaction only`() async throws {
        try await withNumbers { pool in
            let hostile = "a', true); DROP TABLE numbers; --"
            let seen = try await pool.transaction(settings: [("verbatim.tenant", hostile), ("verbatim.x", "")]) {
                try $0.first("SELECT current_setting('verbatim.tenant')", as: String.self)
            }
            #expect(seen == hostile)
            for _ in 0..<4 {
                let left = try await pool.query("SELECT coalesce(current_setting('verbatim.tenant', true), '')")
                #expect(try left.decode(String.self) == [""])
            }
        }
    }

    @Test func `a batch runs in one go and stops at its first error`() async throws {
        try await withNumbers { pool in
            let results = try await pool.transaction { transaction in
                try transaction.batch((1...600).map { "INSERT INTO numbers VALUES (\($0)) RETURNING n * 2" })
            }
            #expect(try results.flatMap { try $0.decode(Int.self) } == (1...600).map { $0 * 2 })
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    try transaction.batch([
                        "INSERT INTO numbers VALUES (1000)", "SELECT no_such_column",
                        "INSERT INTO numbers VALUES (1001)",
                    ])
                }
            }
            #expect(error?.sqlState == "42703")
            #expect(try await numbers(pool).count == 600)
            // In a savepoint the batch is undone, and the connection goes on in step.
            try await pool.transaction { transaction in
                try transaction.query("SAVEPOINT before")
                #expect(throws: PostgresError.self) {
                    try transaction.batch(["INSERT INTO numbers VALUES (2000)", "INSERT INTO numbers VALUES (1)"])
                }
                try transaction.query("ROLLBACK TO SAVEPOINT before")
                let results = try transaction.batch(["SELECT 1", "SELECT 'two'"])
                #expect(try results[1].decode(String.self) == ["two"])
                #expect(try transaction.batch([]).isEmpty)
            }
            #expect(try await numbers(pool).count == 600)
        }
    }

    @Test func `a batch larger than any socket's buffer does not lock up`() async throws {
        try await withNumbers { pool in
            let text = String(repeating: "x", count: 200_000)
            let results = try await pool.transaction { transaction in
                try transaction.batch((0..<100).map { "SELECT \(text) || \("\($0)")" })
            }
            #expect(try results.last?.decode(String.self).first == text + "99")
        }
    }

    @Test func `a transaction is unusable after its closure`() async throws {
        try await withNumbers { pool in
            nonisolated(unsafe) var escaped: PostgresTransaction?
            try await pool.transaction { escaped = $0 }
            let transaction = try #require(escaped)
            let error = #expect(throws: PostgresError.self) { try transaction.query("SELECT 1") }
            #expect(error?.kind == .usage)
        }
    }

    @Test func `a closure cannot end its transaction by hand`() async throws {
        try await withNumbers { pool in
            for end: PostgresQuery in ["COMMIT", "ROLLBACK"] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.transaction { transaction in
                        _ = try? transaction.execute(end)
                        try transaction.execute("INSERT INTO numbers VALUES (9)")
                    }
                }
                #expect(error?.kind == .usage)
                let alone = await #expect(throws: PostgresError.self) {
                    try await pool.transaction { _ = try? $0.execute(end) }
                }
                #expect(alone?.kind == .usage)
            }
            // Nor does a lone statement leave one open.
            try await pool.execute("BEGIN")
            #expect(try await numbers(pool) == [])
        }
    }

    @Test func `COPY is refused and costs only its connection`() async throws {
        try await withNumbers { pool in
            let error = await #expect(throws: PostgresError.self) { try await pool.execute("COPY numbers FROM STDIN") }
            #expect(error?.kind == .usage)
            let kept = try await numbers(pool)
            #expect(kept == [])
        }
    }

    @Test func `a changed table does not trip statements prepared before`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            try await pool.execute("CREATE TABLE t (a int)")
            try await pool.execute("INSERT INTO t VALUES (1)")
            #expect(try await pool.query("SELECT * FROM t").first?.decode(Int.self) == 1)
            try await pool.execute("ALTER TABLE t ADD b text DEFAULT 'new'")
            let (_, alone) = try #require(try await pool.query("SELECT * FROM t").first).decode(Int.self, String.self)
            #expect(alone == "new")
            try await pool.execute("ALTER TABLE t ADD c text")
            let row = try await pool.transaction { transaction in
                try transaction.first("SELECT * FROM t", as: Int.self, String.self, String?.self)
            }
            #expect(row?.1 == "new")
        }
    }

    @Test func `the server forgets statements that are not used any more`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            for number in 0..<300 { try await pool.query("SELECT \(unescaped: "\(number)")") }
            let kept = try await pool.query("SELECT count(*) FROM pg_prepared_statements").decode(Int.self)
            // And the one that asks.
            #expect(kept == [256 + 1])
        }
    }
}

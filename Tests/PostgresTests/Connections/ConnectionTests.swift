import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
    private let logger = Logger(label: "connection-tests")

    private func error(connecting url: String) async -> PostgresError? {
        let pool = PostgresPool(configuration: PostgresPool.Configuration(url: url, size: 1), logger: logger)
        return await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
    }

    @Test func `an unreachable server is an unavailable one, and its place in the pool is free again`() async throws {
        let pool = PostgresPool(
            configuration: PostgresPool.Configuration(url: "postgresql://u:hunter2@/x?host=/nonexistent", size: 1),
            logger: logger)
        for _ in 0..<3 {
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .connectionLost)
            #expect(error.map { "\($0)" }?.contains("hunter2") == false)
        }
    }

    @Test(arguments: ["postgresql://u:hunter2@[bad", "hunter2", "postgresql://u:hunter2@host:port:x/%zz", "", "\0"])
    func `a bad URL never shows up in its error`(url: String) async {
        let error = await error(connecting: url.isEmpty ? "host=/nonexistent" : url)
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
    }

    @Test func `the role is entered, and a role that cannot be is an error`() async throws {
        try await withTestDatabase { database in
            let owner = database.pool()
            let role = "role_\(UInt64.random(in: 0 ... .max))"
            try await owner.execute("CREATE ROLE \(unescaped: role) NOBYPASSRLS")
            try await owner.execute("CREATE TABLE secrets (n int)")
            let pool = database.pool(role: role, size: 1)
            let row = try #require(
                try await pool.query("SELECT current_user, current_setting('is_superuser')").first)
            let (user, isSuperuser) = try row.decode(String.self, String.self)
            #expect(user == role)
            #expect(isSuperuser == "off")
            let denied = await #expect(throws: PostgresError.self) { try await pool.query("SELECT * FROM secrets") }
            #expect(denied?.sqlState == "42501")
            // RESET ROLE itself cannot be forbidden, but nothing can follow it.
            let left = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    _ = try? transaction.execute("RESET ROLE")
                    try transaction.execute("INSERT INTO secrets VALUES (1)")
                }
            }
            #expect(left?.kind == .connectionLost || left?.kind == .usage)
            await #expect(throws: PostgresError.self) { try await pool.execute("SET ROLE NONE") }
            #expect(try await pool.query("SELECT current_user").decode(String.self) == [role])
            #expect(try await owner.query("SELECT FROM secrets").isEmpty)
            let missing = database.pool(role: "no such \"role", size: 1)
            let error = await #expect(throws: PostgresError.self) { try await missing.query("SELECT 1") }
            #expect(error?.kind == .server)
            try await owner.execute("DROP ROLE \(unescaped: role)")
        }
    }

    @Test func `a lone connection works and is closed for good`() async throws {
        try await withTestDatabase { database in
            let connection = try await PostgresConnection.open(
                PostgresPool.Configuration(url: database.url), logger: logger)
            let two = try await connection.transaction { try $0.first("SELECT 1 + \(1)", as: Int.self) }
            #expect(two == 2)
            await connection.close()
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
            #expect(error?.kind == .usage)
        }
    }

    @Test func `what blocks runs on the connection's own thread, never on Swift's`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            let name = try await pool.transaction { _ in
                try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            }
            #expect(name == "postgres\n")
        }
    }

    @Test func `notices go to the log`() async throws {
        try await withTestDatabase { database in
            let log = CapturedLog()
            var logger = Logger(label: "notices") { _ in log }
            logger.logLevel = .debug
            let pool = PostgresPool(configuration: PostgresPool.Configuration(url: database.url), logger: logger)
            try await pool.execute("DO $$ BEGIN RAISE NOTICE 'mind the gap' USING DETAIL = 'private'; END $$")
            #expect(log.text.contains("mind the gap"))
            #expect(!log.text.contains("private"))
        }
    }
}

import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@Suite struct MigratorTests {
    private let logger = Logger.quiet

    /// A directory with those files, for as long as `body` runs.
    private func withFiles(
        _ files: [String: String], _ body: (String) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { path in
            for (name, sql) in files { try Data(sql.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
            try await body(path)
        }
    }

    private static let two = [
        "0001_first.sql": "CREATE TABLE a (n int); INSERT INTO a VALUES (1);",
        "0002_second.sql": "ALTER TABLE a ADD m int; CREATE TABLE b (n int);", "README.md": "not SQL",
    ]

    @Test func `files are applied in order, once, each with its row`() async throws {
        try await withFiles(Self.two) { path in
            try await withTestDatabase { database in
                let migrator = try Migrator(directory: path)
                let before = try await migrator.status(url: database.url, logger: logger)
                #expect(before.map(\.state) == [.pending, .pending])
                let refused = await #expect(throws: MigrationError.self) {
                    try await migrator.requireCurrent(url: database.url, logger: logger)
                }
                #expect(refused?.description.contains("verbatim-admin migrate") == true)
                let outcome = try await migrator.migrate(url: database.url, logger: logger)
                #expect(outcome.applied.map(\.fileName) == ["0001_first.sql", "0002_second.sql"])
                #expect(try await migrator.migrate(url: database.url, logger: logger).applied.isEmpty)
                try await migrator.requireCurrent(url: database.url, logger: logger)
                let after = try await migrator.status(url: database.url, logger: logger)
                #expect(after.map(\.state) == [.applied, .applied])
                #expect(after.allSatisfy { $0.appliedAt != nil })
                let rows = try await database.pool().query("SELECT n FROM a")
                #expect(try rows.decode(Int.self) == [1])
            }
        }
    }

    @Test func `a checksum is the SHA-256 of the file`() async throws {
        try await withFiles(["0001_abc.sql": "SELECT 1"]) { path in
            try await withTestDatabase(migrations: path) { database in
                let rows = try await database.pool().query("SELECT checksum FROM schema_migrations")
                #expect(
                    try rows.decode(String.self) == ["e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5"]
                )
            }
        }
    }

    @Test(arguments: [
        (["0001_a.sql", "0003_c.sql"], MigrationError.missingNumber(2)),
        (["0002_b.sql"], .missingNumber(1)),
        (["0001_a.sql", "0001_b.sql"], .duplicateNumber(1)),
        (["1_a.sql"], .invalidFile("1_a.sql")),
        (["0000_a.sql"], .invalidFile("0000_a.sql")),
        (["０００１_a.sql"], .invalidFile("０００１_a.sql")),
        (["0001.sql"], .invalidFile("0001.sql")),
    ])
    func `gaps, duplicates and odd names are refused`(names: [String], expected: MigrationError) async throws {
        try await withFiles(Dictionary(uniqueKeysWithValues: names.map { ($0, "SELECT 1") })) { path in
            #expect(throws: expected) { try Migrator(directory: path) }
        }
    }

    @Test func `a missing directory is refused`() {
        #expect(throws: MigrationError.self) { try Migrator(directory: "/nonexistent") }
    }

    @Test func `an altered file and a newer database are refused, by every command`() async throws {
        try await withFiles(Self.two) { path in
            try await withTestDatabase(migrations: path) { database in
                var altered = Self.two
                altered["0001_first.sql", default: ""] += " "
                try await withFiles(altered) { path in
                    let migrator = try Migrator(directory: path)
                    await #expect(throws: MigrationError.altered(["0001_first.sql"])) {
                        try await migrator.migrate(url: database.url, logger: logger)
                    }
                    await #expect(throws: MigrationError.altered(["0001_first.sql"])) {
                        try await migrator.requireCurrent(url: database.url, logger: logger)
                    }
                }
                try await withFiles(["0001_first.sql": Self.two["0001_first.sql"] ?? ""]) { path in
                    let migrator = try Migrator(directory: path)
                    await #expect(throws: MigrationError.newerDatabase(["0002_second.sql"])) {
                        try await migrator.migrate(url: database.url, logger: logger)
                    }
                    await #expect(throws: MigrationError.newerDatabase(["0002_second.sql"])) {
                        try await migrator.requireCurrent(url: database.url, logger: logger)
                    }
                }
            }
        }
    }

    @Test func `a database from before the first release is refused by every command, and nothing in it changes`()
        async throws
    {
        try await withFiles(Self.two) { path in
            try await withTestDatabase(migrations: path) { database in
                let owner = database.pool()
                // As the last version before 1.0 recorded its first migration; it had twenty.
                try await owner.execute(
                    """
                    UPDATE schema_migrations SET name = 'tenancy',
                        checksum = '15bac1eda0ff2e6d15bb3f539a0c773953e69e5dbb93b439fd450fb1ff2d52dc'
                    WHERE number = 1
                    """)
                func rows() async throws -> [String] {
                    try await owner.query("SELECT m::text FROM schema_migrations m ORDER BY number").map {
                        try $0.decode(String.self)
                    }
                }
                let before = try await rows()
                var more = Self.two
                more["0003_third.sql"] = "CREATE TABLE c (n int);"
                try await withFiles(more) { path in
                    let migrator = try Migrator(directory: path)
                    let refused = await #expect(throws: MigrationError.beforeFirstRelease) {
                        try await migrator.migrate(url: database.url, logger: logger)
                    }
                    for advice in [
                        "before 1.0", "nothing in it was changed", "tenant export", "usage export", "createdb",
                    ] {
                        #expect(refused?.description.contains(advice) == true, "\(advice)")
                    }
                    await #expect(throws: MigrationError.beforeFirstRelease) {
                        try await migrator.requireCurrent(url: database.url, logger: logger)
                    }
                    await #expect(throws: MigrationError.beforeFirstRelease) {
                        try await migrator.requireSchema(url: database.url, logger: logger)
                    }
                    await #expect(throws: MigrationError.beforeFirstRelease) {
                        try await migrator.status(url: database.url, logger: logger)
                    }
                }
                #expect(try await rows() == before)
                let isUntouched = try await owner.query("SELECT to_regclass('c') IS NULL").map {
                    try $0.decode(Bool.self)
                }
                #expect(isUntouched == [true])
            }
        }
    }

    @Test func `schema.sql, which is for reading, is no migration`() async throws {
        try await withFiles(Self.two.merging(["schema.sql": "SELECT 1/0"]) { $1 }) { path in
            let names = try Migrator(directory: path).migrations.map(\.fileName)
            #expect(names == ["0001_first.sql", "0002_second.sql"])
        }
    }

    @Test func `a failing file leaves nothing behind, those before it stand`() async throws {
        var files = Self.two
        files["0003_third.sql"] = "CREATE TABLE c (n int); INSERT INTO c VALUES (1/0);"
        files["0004_fourth.sql"] = "CREATE TABLE d (n int);"
        try await withFiles(files) { path in
            try await withTestDatabase { database in
                let migrator = try Migrator(directory: path)
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.migrate(url: database.url, logger: logger)
                }
                #expect(error?.description.contains("0003_third.sql") == true)
                let status = try await migrator.status(url: database.url, logger: logger)
                #expect(status.map(\.state) == [.applied, .applied, .pending, .pending])
                let rows = try await database.pool().query(
                    "SELECT to_regclass('b') IS NULL, to_regclass('c') IS NULL, to_regclass('d') IS NULL")
                let (b, c, d) = try #require(rows.first).decode(Bool.self, Bool.self, Bool.self)
                #expect((b, c, d) == (false, true, true))
            }
        }
    }

    @Test(arguments: ["COMMIT;", "CREATE TABLE x (n int); COMMIT; BEGIN;", "ROLLBACK; SELECT 1", "COMMIT; SELECT 1/0"])
    func `a file that ends its transaction is refused`(sql: String) async throws {
        try await withFiles(["0001_a.sql": sql]) { path in
            try await withTestDatabase { database in
                let migrator = try Migrator(directory: path)
                await #expect(throws: MigrationError.endsTransaction("0001_a.sql")) {
                    try await migrator.migrate(url: database.url, logger: logger)
                }
                let status = try await migrator.status(url: database.url, logger: logger)
                #expect(status.map(\.state) == [.pending])
            }
        }
    }

    @Test func `of migrators at once one works and the others find nothing to do`() async throws {
        var files = Self.two
        files["0001_first.sql", default: ""] += "SELECT pg_sleep(0.1);"
        try await withFiles(files) { path in
            try await withTestDatabase { database in
                let migrator = try Migrator(directory: path)
                let applied = try await withThrowingTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask { try await migrator.migrate(url: database.url, logger: logger).applied.count }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(applied.sorted() == [0, 0, 0, 2])
            }
        }
    }

    @Test func `any role may ask whether the schema is current`() async throws {
        try await withFiles(Self.two) { path in
            try await withTestDatabase(migrations: path) { database in
                let owner = database.pool()
                let role = "reader_\(UInt64.random(in: 0 ... .max))"
                try await owner.execute("CREATE ROLE \(unescaped: role)")
                let rows = try await database.pool(role: role).query("SELECT FROM schema_migrations")
                #expect(rows.count == 2)
                try await owner.execute("DROP ROLE \(unescaped: role)")
            }
        }
    }
}

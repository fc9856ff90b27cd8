import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// Nodes that know fewer migrations than the database has, or more.
@Suite struct NodeCompatibilityTests {
    private let logger = Logger.quiet

    private static let base = [
        "0001_first.sql": "CREATE TABLE a (n int);", "0002_second.sql": "CREATE TABLE b (n int);",
    ]

    private func withMigrator(
        _ files: [String: String], _ body: (Migrator) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { path in
            for (name, sql) in files { try Data(sql.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
            try await body(try Migrator(directory: path))
        }
    }

    /// The base and a third migration that begins with `lines`.
    private static func three(_ lines: String) -> [String: String] {
        base.merging(["0003_third.sql": lines + "CREATE TABLE c (n int);"]) { $1 }
    }

    private static func outcome(_ body: () async throws -> Void) async -> MigrationError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? MigrationError
        }
    }

    @Test(arguments: [
        ("", false, false),
        ("-- nodes: from 0003\n", false, false),
        ("-- nodes: from 0002\n", true, false),
        ("-- What it does.\n\n-- nodes: from 0001, also before\n", true, true),
        ("-- nodes: from 0002, also before\n", true, true),
        // After the first statement it is a comment.
        ("SELECT 1;\n-- nodes: from 0002, also before\n", false, false),
    ])
    func `older and newer nodes work as far as the migration says`(lines: String, older: Bool, newer: Bool) async throws
    {
        try await withMigrator(Self.base) { old in
            try await withMigrator(Self.three(lines)) { new in
                try await withTestDatabase { database in
                    let pool = database.pool(size: 1)
                    func checks(_ migrator: Migrator) async -> [MigrationError?] {
                        [
                            await Self.outcome { try await migrator.requireCurrent(url: database.url, logger: logger) },
                            await Self.outcome { try await migrator.requireSchema(url: database.url, logger: logger) },
                            await Self.outcome { try await migrator.requireSchema(on: pool) },
                        ]
                    }
                    let both: [MigrationError?] = [nil, nil, nil]
                    try await old.migrate(url: database.url, logger: logger)
                    #expect(await checks(old) == both)
                    let behind: MigrationError? = newer ? nil : .pending(["0003_third.sql"])
                    #expect(await checks(new) == [behind, behind, behind])
                    try await new.migrate(url: database.url, logger: logger)
                    #expect(await checks(new) == both)
                    let ahead: MigrationError? = older ? nil : .newerDatabase(["0003_third.sql"])
                    #expect(await checks(old) == [ahead, ahead, ahead])
                    // It still does not migrate.
                    #expect(
                        await Self.outcome { try await old.migrate(url: database.url, logger: logger) }
                            == .newerDatabase(["0003_third.sql"]))
                }
            }
        }
    }

    @Test func `one migration that an older node cannot work with counts, whatever the others say`() async throws {
        var files = Self.three("-- nodes: from 0002\n")
        files["0004_fourth.sql"] = "DROP TABLE b;"
        files["0005_fifth.sql"] = "-- nodes: from 0002\nCREATE TABLE d (n int);"
        try await withMigrator(Self.base) { old in
            try await withMigrator(files) { new in
                try await withTestDatabase { database in
                    try await new.migrate(url: database.url, logger: logger)
                    await #expect(throws: MigrationError.newerDatabase(["0004_fourth.sql"])) {
                        try await old.requireCurrent(url: database.url, logger: logger)
                    }
                }
            }
        }
    }

    @Test func `a database that was migrated before there were such lines is read, and gets the column`() async throws {
        try await withMigrator(Self.base) { migrator in
            try await withTestDatabase { database in
                let owner = database.pool()
                try await migrator.migrate(url: database.url, logger: logger)
                try await owner.execute("ALTER TABLE schema_migrations DROP COLUMN nodes_from")
                try await migrator.requireCurrent(url: database.url, logger: logger)
                try await withMigrator(Self.three("-- nodes: from 0001\n")) { new in
                    try await new.migrate(url: database.url, logger: logger)
                }
                let rows = try await owner.query("SELECT nodes_from FROM schema_migrations ORDER BY number")
                #expect(try rows.decode(Int?.self) == [nil, nil, 1])
                try await migrator.requireCurrent(url: database.url, logger: logger)
            }
        }
    }

    @Test(arguments: [
        "-- nodes: from 3", "-- nodes: from 0004", "-- nodes: from 0000", "-- nodes: all",
        "-- nodes: from 0002, before",
        "-- online: no", "-- online:yes",
    ])
    func `a line that cannot be understood is refused`(line: String) async throws {
        try await TemporaryFolder.with { path in
            for (name, sql) in Self.three(line + "\n") {
                try Data(sql.utf8).write(to: URL(filePath: "\(path)/\(name)"))
            }
            #expect(throws: MigrationError.invalidTerms("0003_third.sql")) { try Migrator(directory: path) }
        }
    }
}

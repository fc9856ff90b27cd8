import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// Migrations while others read and write.
@Suite struct OnlineMigrationTests {
    private let logger = Logger.quiet

    private func withMigrator(_ files: [String: String], _ body: (Migrator) async throws -> Void) async throws {
        try await TemporaryFolder.with { path in
            for (name, sql) in files { try Data(sql.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
            try await body(try Migrator(directory: path))
        }
    }

    private static let table = "CREATE TABLE a AS SELECT n, NULL::int AS m FROM generate_series(1, 2500) n;"
    private static let online = """
        -- online: yes
        -- Gives each row its m.

        -- repeat
        UPDATE a SET m = n WHERE n IN (
            SELECT n FROM a WHERE m IS NULL LIMIT 1000);

        CREATE INDEX CONCURRENTLY IF NOT EXISTS a_m ON a (m);

        """

    @Test func `many rows are changed in batches, and an index is built without a transaction`() async throws {
        try await withMigrator(["0001_table.sql": Self.table, "0002_online.sql": Self.online]) { migrator in
            try await withTestDatabase { database in
                let owner = database.pool()
                let applied = try await migrator.migrate(url: database.url, logger: logger).applied
                #expect(applied.map(\.number) == [1, 2])
                // Each batch was a transaction of its own.
                let rows = try await owner.query(
                    """
                    SELECT count(*), count(m), count(DISTINCT xmin::text),
                        (SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_m'::regclass) FROM a
                    """)
                let (all, changed, transactions, isValid) = try rows[0].decode(Int.self, Int.self, Int.self, Bool.self)
                #expect(all == 2500 && changed == 2500 && transactions == 3 && isValid)
                #expect(try await migrator.migrate(url: database.url, logger: logger).applied.isEmpty)
            }
        }
    }

    @Test func `what a failed one left is finished by the next`() async throws {
        let broken = Self.online.replacing("CREATE INDEX", with: "CREATE UNIQUE INDEX")
        let files = ["0001_table.sql": Self.table + "INSERT INTO a VALUES (1, 1);", "0002_online.sql": broken]
        try await withMigrator(files) { migrator in
            try await withTestDatabase { database in
                let owner = database.pool()
                let error = await #expect(throws: MigrationError.self) {
                    try await migrator.migrate(url: database.url, logger: logger)
                }
                #expect(error?.description.contains("0002_online.sql") == true)
                let status = try await migrator.status(url: database.url, logger: logger)
                #expect(status.map(\.state) == [.applied, .pending])
                let left = try await owner.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_m'::regclass")
                #expect(try left.decode(Bool.self) == [false])
                try await owner.execute("DELETE FROM a WHERE ctid IN (SELECT max(ctid) FROM a WHERE n = 1)")
                try await migrator.migrate(url: database.url, logger: logger)
                let now = try await owner.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_m'::regclass")
                #expect(try now.decode(Bool.self) == [true])
            }
        }
    }

    @Test func `a migration that waits for a lock lets others pass meanwhile`() async throws {
        let files = ["0001_table.sql": Self.table, "0002_lock.sql": "ALTER TABLE a ADD COLUMN k int;"]
        try await withMigrator(["0001_table.sql": Self.table]) { first in
            try await withMigrator(files) { migrator in
                try await withTestDatabase { database in
                    try await first.migrate(url: database.url, logger: logger)
                    let (holder, reader) = (database.pool(size: 1), database.pool(size: 2))
                    let log = CapturedLog()
                    let logger = Logger(label: "test") { _ in log }
                    let holds = Latch(), isDone = Latch()
                    let held = Task {
                        try await holder.transaction { transaction in
                            try transaction.query("SELECT FROM a LIMIT 1")
                            holds.open()
                            isDone.waitOnThisThread()
                        }
                    }
                    await holds.wait()
                    let migration = Task { try await migrator.migrate(url: database.url, logger: logger) }
                    try await eventually("it waits") { log.text.contains("waits for a lock") }
                    // It has given up its place in the line of the lock at least once, and reads go on.
                    for _ in 0..<20 {
                        #expect(try await reader.query("SELECT count(*) FROM a").decode(Int.self) == [2500])
                    }
                    isDone.open()
                    try await held.value
                    #expect(try await migration.value.applied.map(\.number) == [2])
                    #expect(try await reader.query("SELECT count(k) FROM a").decode(Int.self) == [0])
                }
            }
        }
    }
}

// The table `schema_migrations`, which says which migrations a database has.

enum MigrationLedger {
    /// The key of the session lock with which only one migrator at a time works on a database. Any constant that nobody else uses.
    static let lock: Int64 = 0x5645_5242_4154_494D

    /// The checksums that the first migration had in versions before 1.0. Their migrations had today's numbers, but other contents.
    static let checksumsBeforeFirstRelease: Set = [
        "44ace1ef8938f3c32c509fe868eadebe137cc914aaaa117eda41240e81804665",
        "2d9f8119d50cb4da63b91ce3f66d156ff75013f70ed6d515c6a64d19fc485db9",
        "15bac1eda0ff2e6d15bb3f539a0c773953e69e5dbb93b439fd450fb1ff2d52dc",
    ]

    struct Row: Sendable {
        let name: String
        let checksum: String
        let appliedAt: Timestamp
        let nodesFrom: Int
    }

    static func create(on session: PostgresConnection) async throws {
        try await session.transaction { transaction in
            try transaction.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number integer PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                    nodes_from integer
                )
                """)
            // Databases that were made before nodes of two versions could work at the same time lack it.
            try transaction.execute("ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS nodes_from integer")
            // Every role may check whether the schema is current. The table only contains names of files.
            try transaction.execute("GRANT SELECT ON schema_migrations TO PUBLIC")
        }
    }

    /// Returns the applied migrations by number; empty if none was ever applied.
    static func rows(in transaction: PostgresTransaction) throws -> [Int: Row] {
        let exists = try transaction.first("SELECT to_regclass('schema_migrations') IS NOT NULL", as: Bool.self)
        guard exists == true else { return [:] }
        // Through JSON, because a database that was not migrated since lacks the column.
        let rows = try transaction.all(
            """
            SELECT number, name, checksum, applied_at, coalesce((to_jsonb(m)->>'nodes_from')::integer, number)
            FROM schema_migrations m
            """,
            as: Int.self, String.self, String.self, Timestamp.self, Int.self)
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                ($0.0, Row(name: $0.1, checksum: $0.2, appliedAt: $0.3, nodesFrom: $0.4))
            })
    }

    /// Returns the SHA-256 of each file in hexadecimal, computed by the server.
    static func checksums(of migrations: [Migration], in transaction: PostgresTransaction) throws -> [String] {
        try transaction.batch(migrations.map { "SELECT encode(sha256(\([UInt8]($0.sql.utf8))), 'hex')" })
            .flatMap { try $0.decode(String.self) }
    }

    /// Runs the file and adds its row: in one transaction, unless it is online.
    ///
    /// - Parameter end: what else the last transaction does, at its end.
    static func apply(
        _ migration: Migration, on session: PostgresConnection, waits: LockWaits,
        then end: @escaping @Sendable (PostgresTransaction) throws -> Void = { _ in }
    ) async throws {
        do {
            if migration.terms.isOnline { try await OnlineMigration(migration).run(on: session, waits: waits) }
            try await waits.retry {
                try await session.transaction { transaction in
                    if !migration.terms.isOnline {
                        guard try transaction.script(migration.sql) else {
                            throw MigrationError.endsTransaction(migration.fileName)
                        }
                    }
                    try transaction.execute(
                        """
                        INSERT INTO schema_migrations (number, name, checksum, nodes_from)
                        VALUES (\(migration.number), \(migration.name),
                            encode(sha256(\([UInt8](migration.sql.utf8))), 'hex'), \(migration.terms.nodesFrom))
                        """)
                    try end(transaction)
                }
            }
        } catch let error as PostgresError where error.kind == .server {
            throw MigrationError.failed(migration.fileName, error)
        }
    }
}

// Migrates a database to the schema of the numbered files in one directory.
//
// Guarantees: migrations only go forward, in order. Each file is one transaction together with its row in `schema_migrations`. Of two
// migrators at the same time, the second waits and then finds nothing to do. A file that changed after it was applied, a database that is newer
// than the files, and one from before the first release are rejected. On failure: the failed file leaves nothing behind; earlier ones stay.

import Logging

package struct Migrator: Sendable {
    package let migrations: [Migration]
    /// The rights that the service needs after all migrations.
    package let rights: DatabaseRights

    /// Reads `NNNN_name.sql` and `rights.sql`. Ignores `schema.sql` and names that do not end in `.sql`.
    /// - Throws: `MigrationError` for a gap, a duplicate number or a file that is not a migration.
    package init(directory path: String) throws {
        migrations = try Self.read(directory: path)
        rights = try DatabaseRights(directory: path)
    }

    /// Applies pending migrations, then adds missing roles, grants and policies, as the user of the URL. Waits at most ten minutes for
    /// another migrator.
    /// - Throws: `MigrationError`, `PostgresError`.
    @discardableResult
    package func migrate(url: String, logger: Logger) async throws -> MigrationOutcome {
        let rights = rights
        return try await withLock(url, logger) { session in
            try await MigrationLedger.create(on: session)
            let status = try await status(on: session)
            try refuseAlteredOrNewer(status)
            let pending = Set(status.filter { $0.state == .pending }.map(\.number))
            var applied: [Migration] = []
            for migration in migrations where pending.contains(migration.number) {
                // With the last one, because nodes of the version before go on meanwhile, and triggers may need the new rights at once.
                let isLast = migration.number == migrations.last?.number
                try await MigrationLedger.apply(migration, on: session) {
                    if isLast { _ = try rights.repair(in: $0) }
                }
                logger.info("migration \(migration.fileName) applied")
                applied.append(migration)
            }
            let made = try await session.transaction { try rights.repair(in: $0) }
            let isNew = applied.first?.number == 1
            return MigrationOutcome(applied: applied, mended: isNew ? [] : made)
        }
    }

    /// Returns the state of each migration, by number. Changes nothing.
    /// - Throws: `MigrationError.beforeFirstRelease`, `PostgresError`.
    package func status(url: String, logger: Logger) async throws -> [MigrationStatus] {
        try await withSession(url, logger) { try await status(on: $0) }
    }

    /// Throws unless the database has exactly the schema of the files, and the service's roles have all their rights. If a table is locked for
    /// more than two seconds, the rights cannot be checked, and are taken to be there.
    /// - Throws: `MigrationError`, whose text says what to do; `PostgresError`.
    package func requireCurrent(url: String, logger: Logger) async throws {
        let rights = rights
        let missing = try await withSession(url, logger) { session in
            try requireSchema(try await status(on: session))
            do {
                return try await session.transaction { transaction in
                    try transaction.execute("SET LOCAL lock_timeout = '2s'")
                    return try rights.difference(in: transaction).missing
                }
            } catch let error as PostgresError where error.sqlState == "55P03" {
                return []
            }
        }
        guard missing.isEmpty else { throw MigrationError.missingRights(missing) }
    }

    /// Does the same for the schema only.
    package func requireSchema(url: String, logger: Logger) async throws {
        try requireSchema(try await status(url: url, logger: logger))
    }

    private func requireSchema(_ status: [MigrationStatus]) throws {
        try refuseAlteredOrNewer(status)
        let pending = status.filter { $0.state == .pending }
        guard pending.isEmpty else { throw MigrationError.pending(pending.map(\.fileName)) }
    }

    private func refuseAlteredOrNewer(_ status: [MigrationStatus]) throws {
        let altered = status.filter { $0.state == .altered }
        guard altered.isEmpty else { throw MigrationError.altered(altered.map(\.fileName)) }
        let unknown = status.filter { $0.state == .unknown }
        guard unknown.isEmpty else { throw MigrationError.newerDatabase(unknown.map(\.fileName)) }
    }

    private func status(on session: PostgresConnection) async throws -> [MigrationStatus] {
        let applied = try await MigrationLedger.rows(on: session)
        if let first = applied[1]?.checksum, MigrationLedger.checksumsBeforeFirstRelease.contains(first) {
            throw MigrationError.beforeFirstRelease
        }
        let checksums = try await MigrationLedger.checksums(of: migrations, on: session)
        var status = zip(migrations, checksums).map { migration, checksum in
            let row = applied[migration.number]
            let isSame = row.map { $0.checksum == checksum && $0.name == migration.name }
            return MigrationStatus(
                number: migration.number, name: migration.name,
                state: isSame.map { $0 ? .applied : .altered } ?? .pending, appliedAt: row?.appliedAt)
        }
        for (number, row) in applied where number > migrations.count || number < 1 {
            status.append(MigrationStatus(number: number, name: row.name, state: .unknown, appliedAt: row.appliedAt))
        }
        return status.sorted { $0.number < $1.number }
    }

    /// Runs `body` as the only migrator of the database. Waits at most ten minutes for another one.
    private func withLock<T: Sendable>(
        _ url: String, _ logger: Logger, _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await withSession(url, logger) { session in
            try await session.execute("SET lock_timeout = '10min'")
            try await session.query("SELECT pg_advisory_lock(\(MigrationLedger.lock))")
            try await session.execute("SET lock_timeout = '1min'")
            return try await body(session)
        }
    }

    /// Runs `body` on a new connection, as the user of the URL. Statements have no time-out, because a migration may take long.
    func withSession<T: Sendable>(
        _ url: String, _ logger: Logger, _ body: (PostgresConnection) async throws -> T
    ) async throws -> T {
        let configuration = PostgresPool.Configuration(
            url: url, statementTimeout: .zero, lockTimeout: .seconds(60), idleInTransactionTimeout: .seconds(60),
            applicationName: "verbatim-migrate")
        let session = try await PostgresConnection.open(configuration, logger: logger)
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }
}

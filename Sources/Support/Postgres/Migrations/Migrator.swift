// Migrates a database to the schema of the numbered files in one directory.
//
// Guarantees: migrations only go forward, in order. Each file is one transaction together with its row in `schema_migrations`. Of two
// migrators at the same time, the second waits and then finds nothing to do. A file that changed after it was applied, a database that is newer
// than the files, and one from before the first release are rejected. On failure: the failed file leaves nothing behind; earlier ones stay.
//
// Nodes go on meanwhile. No statement waits for a lock for more than a second at a time, and a node works with a database that is ahead or
// behind as far as the migrations allow it (`MigrationTerms`).

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
            try refuseAltered(status)
            try refuseUnknown(status)
            let pending = Set(status.filter { $0.state == .pending }.map(\.number))
            var applied: [Migration] = []
            for migration in migrations where pending.contains(migration.number) {
                // With the last one, because nodes of the version before go on meanwhile, and triggers may need the new rights at once.
                let isLast = migration.number == migrations.last?.number
                try await MigrationLedger.apply(migration, on: session, waits: LockWaits(logger: logger)) {
                    if isLast { _ = try rights.repair(in: $0) }
                }
                logger.info("migration \(migration.fileName) applied")
                applied.append(migration)
            }
            let made = try await LockWaits(logger: logger).retry {
                try await session.transaction { try rights.repair(in: $0) }
            }
            let isNew = applied.first?.number == 1
            return MigrationOutcome(applied: applied, mended: isNew ? [] : made)
        }
    }

    /// Returns the state of each migration, by number. Changes nothing.
    /// - Throws: `MigrationError.beforeFirstRelease`, `PostgresError`.
    package func status(url: String, logger: Logger) async throws -> [MigrationStatus] {
        try await withSession(url, logger) { try await status(on: $0) }
    }

    /// Throws unless the service can work with the database's schema, and its roles have all their rights. If a table is locked for more than two
    /// seconds, the rights cannot be checked, and are taken to be there, as they are while nodes of two versions work.
    /// - Throws: `MigrationError`, whose text says what to do; `PostgresError`.
    package func requireCurrent(url: String, logger: Logger) async throws {
        let rights = rights
        let missing: [String] = try await withSession(url, logger) { session in
            let status = try await status(on: session)
            try requireSchema(status)
            // The rights are those of the files' own schema.
            guard status.allSatisfy({ $0.state == .applied }) else { return [] }
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
    /// - Returns: the migrations that the database has and this program doesn't know, and the other way round.
    @discardableResult
    package func requireSchema(url: String, logger: Logger) async throws -> [MigrationStatus] {
        let status = try await status(url: url, logger: logger)
        try requireSchema(status)
        return status.filter { $0.state != .applied }
    }

    /// Does the same on a connection of `pool`.
    package func requireSchema(on pool: PostgresPool) async throws {
        try requireSchema(try await pool.transaction(isolation: .repeatableRead) { try status(in: $0) })
    }

    private func requireSchema(_ status: [MigrationStatus]) throws {
        try refuseAltered(status)
        try refuseUnknown(status) { $0.nodesFrom > migrations.count }
        let pending = status.filter { $0.state == .pending && $0.isNeeded }
        guard pending.isEmpty else { throw MigrationError.pending(pending.map(\.fileName)) }
    }

    private func refuseAltered(_ status: [MigrationStatus]) throws {
        let altered = status.filter { $0.state == .altered }
        guard altered.isEmpty else { throw MigrationError.altered(altered.map(\.fileName)) }
    }

    private func refuseUnknown(
        _ status: [MigrationStatus], where isRefused: (MigrationStatus) -> Bool = { _ in true }
    ) throws {
        let unknown = status.filter { $0.state == .unknown && isRefused($0) }
        guard unknown.isEmpty else { throw MigrationError.newerDatabase(unknown.map(\.fileName)) }
    }

    private func status(on session: PostgresConnection) async throws -> [MigrationStatus] {
        try await session.transaction(isolation: .repeatableRead) { try status(in: $0) }
    }

    private func status(in transaction: PostgresTransaction) throws -> [MigrationStatus] {
        let applied = try MigrationLedger.rows(in: transaction)
        if let first = applied[1]?.checksum, MigrationLedger.checksumsBeforeFirstRelease.contains(first) {
            throw MigrationError.beforeFirstRelease
        }
        let checksums = try MigrationLedger.checksums(of: migrations, in: transaction)
        var status = zip(migrations, checksums).map { migration, checksum in
            let row = applied[migration.number]
            let isSame = row.map { $0.checksum == checksum && $0.name == migration.name }
            return MigrationStatus(
                number: migration.number, name: migration.name,
                state: isSame.map { $0 ? .applied : .altered } ?? .pending, appliedAt: row?.appliedAt,
                nodesFrom: migration.terms.nodesFrom, isNeeded: migration.terms.isNeeded)
        }
        for (number, row) in applied where number > migrations.count || number < 1 {
            status.append(
                MigrationStatus(
                    number: number, name: row.name, state: .unknown, appliedAt: row.appliedAt, nodesFrom: row.nodesFrom,
                    isNeeded: true))
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
            try await session.execute("SET lock_timeout = '1s'")
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

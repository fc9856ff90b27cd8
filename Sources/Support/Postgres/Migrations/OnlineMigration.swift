// Runs a migration whose statements are transactions of their own, so that none holds a lock for long: `CREATE INDEX CONCURRENTLY`, and changes of
// many rows in batches.
//
// Each paragraph of the file is a statement, which must do no harm if it runs twice: after a failure the file begins anew. A paragraph that begins
// with `-- repeat` runs until it changes no row.

import Foundation

struct OnlineMigration: Sendable {
    private struct Step: Sendable {
        let sql: String
        let isRepeated: Bool

        var isConcurrent: Bool { sql.contains(" CONCURRENTLY ") }
    }

    private let steps: [Step]

    init(_ migration: Migration) {
        steps = migration.sql.components(separatedBy: "\n\n").compactMap { paragraph in
            let lines = paragraph.split(separator: "\n")
            let code = lines.filter { !$0.hasPrefix("--") }
            guard !code.isEmpty else { return nil }
            return Step(sql: code.joined(separator: "\n"), isRepeated: lines.first == "-- repeat")
        }
    }

    func run(on session: PostgresConnection, waits: LockWaits) async throws {
        try await dropBrokenIndexes(on: session)
        for step in steps {
            // Building an index waits for old transactions, which holds up nobody.
            let wait = step.isConcurrent ? 0 : waits.milliseconds
            try await session.execute("SELECT set_config('lock_timeout', \("\(wait)"), false)")
            var changed = 0
            repeat {
                changed = try await waits.retry { try await session.execute("\(unescaped: step.sql)") }
            } while step.isRepeated && changed > 0
        }
        try await session.execute("SELECT set_config('lock_timeout', \("\(waits.milliseconds)"), false)")
    }

    /// An index that was not finished stays behind, invalid, and its name would make the next attempt do nothing.
    private func dropBrokenIndexes(on session: PostgresConnection) async throws {
        let broken = try await session.query(
            """
            SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace
            """
        ).decode(String.self)
        for name in broken where steps.contains(where: { $0.isConcurrent && $0.sql.contains(" \(name) ") }) {
            try await session.execute("DROP INDEX CONCURRENTLY IF EXISTS \(unescaped: name)")
        }
    }
}

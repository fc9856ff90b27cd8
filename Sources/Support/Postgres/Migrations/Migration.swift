// A numbered SQL file, and its state in a database.

package struct Migration: Sendable, Equatable {
    /// From 1, without gaps.
    package let number: Int
    /// The part of the file's name between the number and `.sql`.
    package let name: String
    let sql: String
    /// What its first lines say of nodes and transactions.
    let terms: MigrationTerms
}

package struct MigrationStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case applied
        case pending
        /// Applied, but the file has changed since.
        case altered
        /// In the database, but not among our files: the database is newer than this program.
        case unknown
    }

    package let number: Int
    package let name: String
    package let state: State
    /// When it was applied; nil while pending.
    package let appliedAt: Timestamp?
    /// The number of the last migration that a node must know to work with the database after this one.
    package let nodesFrom: Int
    /// Whether nodes that know it can only work after it.
    package let isNeeded: Bool
}

/// What `migrate` did.
package struct MigrationOutcome: Sendable, Equatable {
    package let applied: [Migration]
    /// The missing roles, grants and policies that were added, as statements. Empty for a new database.
    package let mended: [String]
}

package enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadableDirectory(String)
    /// A file whose name is not `NNNN_name.sql`, or that is not UTF-8 text.
    case invalidFile(String)
    /// A file whose `-- nodes:` or `-- online:` line says something else than it may.
    case invalidTerms(String)
    case duplicateNumber(Int)
    case missingNumber(Int)
    case pending([String])
    case altered([String])
    case newerDatabase([String])
    /// The file ended the transaction in which it ran.
    case endsTransaction(String)
    case failed(String, PostgresError)
    /// The database lacks these roles, grants or policies, as statements.
    case missingRights([String])
    /// A statement of `rights.sql` that is not allowed there.
    case invalidRights(String)
    /// The database has the migrations of a version before 1.0, which were others.
    case beforeFirstRelease

    package var description: String {
        switch self {
        case .unreadableDirectory(let path): "the migrations in \(path) cannot be read"
        case .invalidFile(let name):
            "\(name) is not a migration: its name must be NNNN_name.sql, and its content SQL in UTF-8"
        case .invalidTerms(let name):
            "\(name) has a line `-- nodes:` or `-- online:` that cannot be understood; sql/README.md tells what they may say"
        case .duplicateNumber(let number): "two migrations have the number \(number)"
        case .missingNumber(let number): "there is no migration number \(number), but there are later ones"
        case .pending(let names):
            "the database lacks \(names.joined(separator: ", ")): run `verbatim-admin migrate`"
        case .altered(let names):
            "\(names.joined(separator: ", ")) was changed after it was applied: restore the file from the release that "
                + "the database was migrated with, and put the change into a new migration"
        case .newerDatabase(let names):
            "the database has \(names.joined(separator: ", ")), which this program does not know and cannot work with: run the newer release"
        case .endsTransaction(let name):
            "\(name) contains BEGIN, COMMIT or ROLLBACK: remove them, because a migration is one transaction"
        case .missingRights(let rights):
            "the database lacks \(rights.count) of the roles, grants and policies that the service needs, as after a restore "
                + "without its roles: run `verbatim-admin migrate`"
        case .invalidRights(let statement):
            "rights.sql may only create roles and grant rights, each on a table, sequence or schema; it contains \(statement)"
        case .beforeFirstRelease:
            "this database was created by a version before 1.0, whose schema cannot be migrated; nothing in it was changed. To keep its "
                + "data, export it with the version that created it (`verbatim-admin tenant export`, `verbatim-admin usage export`). "
                + "Then create an empty database (`createdb`), set VERBATIM_DATABASE_URL to it and run `verbatim-admin migrate`"
        case .failed(let name, let error): "\(name) failed and was rolled back: \(error)"
        }
    }
}

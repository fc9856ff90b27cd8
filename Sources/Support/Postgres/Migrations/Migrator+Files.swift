// Which files are migrations, and in what order.

import FoundationEssentials

extension Migrator {
    /// Files in the same folder that are not migrations: the rights, and the schema for people to read.
    private static let others: Set = [DatabaseRights.fileName, "schema.sql"]

    static func read(directory path: String) throws -> [Migration] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw MigrationError.unreadableDirectory(path)
        }
        let migrations = try names.filter { $0.hasSuffix(".sql") && !others.contains($0) }
            .map { try migration(file: $0, directory: path) }
            .sorted { $0.number < $1.number }
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw migration.number <= index
                ? MigrationError.duplicateNumber(migration.number) : .missingNumber(index + 1)
        }
        return migrations
    }

    private static func migration(file: String, directory: String) throws -> Migration {
        let parts = file.dropLast(".sql".count).split(separator: "_", maxSplits: 1)
        guard parts.count == 2, parts[0].count == 4, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }),
            let number = Int(parts[0]), number > 0,
            let bytes = FileManager.default.contents(atPath: directory + "/" + file),
            let sql = String(validating: bytes, as: UTF8.self), !sql.utf8.contains(0)
        else { throw MigrationError.invalidFile(file) }
        guard let terms = MigrationTerms(of: sql, number: number) else { throw MigrationError.invalidTerms(file) }
        return Migration(number: number, name: String(parts[1]), sql: sql, terms: terms)
    }
}

extension Migration {
    package var fileName: String { MigrationStatus.fileName(number, name) }
}

extension MigrationStatus {
    package var fileName: String { Self.fileName(number, name) }

    fileprivate static func fileName(_ number: Int, _ name: String) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name + ".sql"
    }
}

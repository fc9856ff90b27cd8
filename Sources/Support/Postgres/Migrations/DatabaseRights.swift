// The roles, grants and policies that the service works by, all of them, from one list beside the migrations.
//
// Guarantees: what is missing is found by comparing, not by trying; repairing adds what is missing and takes nothing away; two who repair
// at once wait for each other. A dump holds no roles, and a database that is restored without them lacks everything that names them: the
// list is how that is found and repaired.

import FoundationEssentials
import Logging

/// The file `rights.sql`: roles and grants. Row-level security follows from it, see `rowSecurity(of:)`.
package struct DatabaseRights: Sendable, Equatable {
    /// Beside the migrations, and not one of them.
    package static let fileName = "rights.sql"

    /// One privilege of one role.
    private struct Grant: Sendable, Equatable {
        let privilege: String
        let column: String?
        /// `TABLE jobs`, `SEQUENCE task_fences`, `SCHEMA public`.
        let object: String
        let role: String

        /// As `PostgresTransaction.rights(of:)` writes it.
        var line: String { "GRANT \(privilege)\(column.map { " (\($0))" } ?? "") ON \(object) TO \(role)" }
    }

    /// Who does the service's work.
    let roles: [String]
    private let grants: [Grant]

    /// How a database differs from the list.
    package struct Difference: Sendable, Equatable {
        /// How many roles, grants and policies the service needs.
        package let wanted: Int
        /// What the database lacks of them, as statements in the order in which they can be run.
        package let missing: [String]
        /// Rights of the service's roles that it does not need.
        package let surplus: [String]
    }

    /// Reads the file of that directory. Without one there are no rights, as for migrations that are only tried.
    /// - Throws: `MigrationError.invalidRights` for a statement that is neither `CREATE ROLE … NOLOGIN` nor `GRANT`.
    init(directory: String) throws {
        let bytes = FileManager.default.contents(atPath: directory + "/" + Self.fileName) ?? Data()
        try self.init(sql: String(decoding: bytes, as: UTF8.self))
    }

    package init(sql: String) throws {
        let lines = sql.split(separator: "\n").filter { !$0.hasPrefix("--") }
        var (roles, grants): ([String], [Grant]) = ([], [])
        for statement in lines.joined(separator: " ").split(separator: ";") {
            let words = statement.split(separator: " ").joined(separator: " ")
            if words.isEmpty { continue }
            if let match = words.wholeMatch(of: /CREATE ROLE ([a-z_]+) NOLOGIN/) {
                roles.append(String(match.1))
            } else if let match = words.wholeMatch(of: /GRANT (.+) ON (SCHEMA |SEQUENCE )?([a-z_]+) TO ([A-Za-z_, ]+)/)
            {
                let object = (match.2 ?? "TABLE ") + match.3
                for role in match.4.split(separator: ", ") {
                    grants += Self.privileges(String(match.1)).map {
                        Grant(privilege: $0.name, column: $0.column, object: String(object), role: String(role))
                    }
                }
            } else {
                throw MigrationError.invalidRights(words)
            }
        }
        (self.roles, self.grants) = (roles, grants)
    }

    /// `SELECT (a, b), DELETE` is SELECT of a, SELECT of b, and DELETE.
    private static func privileges(_ list: String) -> [(name: String, column: String?)] {
        list.matches(of: /([A-Z]+)(?: \(([a-z_, ]+)\))?/).flatMap { match -> [(name: String, column: String?)] in
            guard let columns = match.2 else { return [(String(match.1), nil)] }
            return columns.split(separator: ", ").map { (String(match.1), String($0)) }
        }
    }

    package func difference(in transaction: PostgresTransaction) throws -> Difference {
        if roles.isEmpty { return Difference(wanted: 0, missing: [], surplus: []) }
        let security = try transaction.tenantTables().map(rowSecurity)
        let wanted =
            roles.map { "CREATE ROLE \($0) NOLOGIN" } + security.flatMap(\.switches) + grants.map(\.line)
            + security.flatMap(\.policies)
        let found = try transaction.rights(of: roles)
        let (needed, present) = (Set(wanted), Set(found))
        return Difference(
            wanted: wanted.count, missing: wanted.filter { !present.contains($0) },
            surplus: found.filter { !needed.contains($0) && !$0.hasSuffix(" TO PUBLIC") })
    }

    /// What follows for a table that holds rows of tenants: row-level security that binds its owner too, and a policy for each who may use it.
    /// Operators work as the owner and see every row; `verbatim_app` sees one tenant's, `verbatim_system` every one.
    private func rowSecurity(of table: TenantTable) -> (switches: [String], policies: [String]) {
        let switches = ["ENABLE", "FORCE"].map { "ALTER TABLE \(table.name) \($0) ROW LEVEL SECURITY" }
        var policies = [policy("operator", on: table, to: "CURRENT_USER", "true", writes: true)]
        let ownRows = "(\(table.tenantColumn) = current_setting('verbatim.tenant'::text, true))"
        for (name, role, rows) in [("own", "verbatim_app", ownRows), ("every", "verbatim_system", "true")] {
            let granted = grants.filter { $0.object == "TABLE " + table.name && $0.role == role }.map(\.privilege)
            guard !granted.isEmpty else { continue }
            policies.append(policy(name, on: table, to: role, rows, writes: granted.contains { $0 != "SELECT" }))
        }
        return (switches, policies)
    }

    /// As `PostgresTransaction.rights(of:)` writes it.
    private func policy(
        _ name: String, on table: TenantTable, to role: String, _ rows: String, writes: Bool
    ) -> String {
        "CREATE POLICY \(name) ON \(table.name) AS PERMISSIVE FOR ALL TO \(role) USING (\(rows))"
            + (writes ? " WITH CHECK (\(rows))" : "")
    }

    /// - Returns: what was missing.
    func repair(in transaction: PostgresTransaction) throws -> [String] {
        let missing = try difference(in: transaction).missing
        for role in roles { try transaction.makeRole(role) }
        for line in missing where !line.hasPrefix("CREATE ROLE ") { try transaction.make(right: line) }
        return missing
    }
}

extension Migrator {
    /// How the database's roles, grants and policies stand to what the service needs. Changes nothing.
    package func rightsDifference(url: String, logger: Logger) async throws -> DatabaseRights.Difference {
        let rights = rights
        return try await withSession(url, logger) { session in
            try await session.transaction { try rights.difference(in: $0) }
        }
    }
}

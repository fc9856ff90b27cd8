// All roles, grants and policies that the service needs, from one list beside the migrations.
//
// Guarantees: missing rights are found by comparison, not by trying. Repairing adds what is missing and removes nothing. Two repairs at the same
// time wait for each other. The list is needed because a dump contains no roles: a database that is restored without them lacks everything
// that names them.

import FoundationEssentials
import Logging

/// The content of `rights.sql`: roles and grants. Row-level security follows from them, see `rowSecurity(of:)`.
package struct DatabaseRights: Sendable, Equatable {
    /// The file lies beside the migrations but is not one of them.
    package static let fileName = "rights.sql"

    /// One privilege of one role.
    private struct Grant: Sendable, Equatable {
        let privilege: String
        let column: String?
        /// `TABLE jobs`, `SEQUENCE task_fences`, `SCHEMA public`.
        let object: String
        let role: String

        /// The grant in the form of `PostgresTransaction.rights(of:)`.
        var line: String { "GRANT \(privilege)\(column.map { " (\($0))" } ?? "") ON \(object) TO \(role)" }
    }

    /// The service's roles.
    let roles: [String]
    private let grants: [Grant]

    /// How a database differs from the list.
    package struct Difference: Sendable, Equatable {
        /// How many roles, grants and policies the service needs.
        package let wanted: Int
        /// Those that the database lacks, as statements in an order in which they can be executed.
        package let missing: [String]
        /// Rights that the service's roles have but do not need.
        package let surplus: [String]
    }

    /// Reads the file in `directory`. Without a file there are no rights, as in tests of migrations.
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

    /// Splits a list: `SELECT (a, b), DELETE` is SELECT of a, SELECT of b, and DELETE.
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

    /// The statements that follow for a table with rows of tenants: row-level security, for its owner too, and a policy for each role that may use
    /// it. Operators act as the owner and see every row; `verbatim_app` sees the rows of one tenant, `verbatim_system` every row.
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

    /// A policy in the form of `PostgresTransaction.rights(of:)`.
    private func policy(
        _ name: String, on table: TenantTable, to role: String, _ rows: String, writes: Bool
    ) -> String {
        "CREATE POLICY \(name) ON \(table.name) AS PERMISSIVE FOR ALL TO \(role) USING (\(rows))"
            + (writes ? " WITH CHECK (\(rows))" : "")
    }

    /// Adds missing rights. Returns them as statements.
    func repair(in transaction: PostgresTransaction) throws -> [String] {
        let missing = try difference(in: transaction).missing
        for role in roles { try transaction.makeRole(role) }
        for line in missing where !line.hasPrefix("CREATE ROLE ") { try transaction.make(right: line) }
        return missing
    }
}

extension Migrator {
    /// Compares the database's roles, grants and policies with those that the service needs. Changes nothing.
    package func rightsDifference(url: String, logger: Logger) async throws -> DatabaseRights.Difference {
        let rights = rights
        return try await withSession(url, logger) { session in
            try await session.transaction { try rights.difference(in: $0) }
        }
    }
}

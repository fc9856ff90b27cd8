// The roles, grants and policies that the service works by, all of them, as a file beside the migrations lists them.
//
// Guarantees: what is missing is found by comparing, not by trying; repairing adds what is missing and takes nothing away; two who repair
// at once wait for each other. A dump holds no roles, and a database that is restored where they are missing lacks what names them: the
// list is how that is found out and put right.

import FoundationEssentials
import Logging

package struct DatabaseRights: Sendable, Equatable {
    /// Beside the migrations, and none of them.
    package static let fileName = "rights.sql"
    /// A statement each, in an order in which they can be run.
    package let lines: [String]
    /// Who does the service's work.
    let roles: [String]

    /// How a database differs from the list.
    package struct Difference: Sendable, Equatable {
        package let missing: [String]
        /// Rights of the service's roles that it does not need.
        package let surplus: [String]
    }

    package init(lines: [String]) {
        self.lines = lines
        roles = lines.compactMap(Self.role)
    }

    /// The role that such a line makes.
    private static func role(madeBy line: String) -> String? {
        line.wholeMatch(of: /CREATE ROLE ([a-z_]+) NOLOGIN/).map { String($0.1) }
    }

    /// None where there is no such file.
    init(directory: String) {
        let bytes = FileManager.default.contents(atPath: directory + "/" + Self.fileName) ?? Data()
        self.init(
            lines: String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                .filter { !$0.hasPrefix("--") }.map { String($0.hasSuffix(";") ? $0.dropLast() : $0) })
    }

    package func difference(in transaction: PostgresTransaction) throws -> Difference {
        if lines.isEmpty { return Difference(missing: [], surplus: []) }
        let found = try transaction.rights(of: roles)
        let (wanted, present) = (Set(lines), Set(found))
        return Difference(
            missing: lines.filter { !present.contains($0) },
            surplus: found.filter { !wanted.contains($0) && !$0.hasSuffix(" TO PUBLIC") })
    }

    /// - Returns: what was missing.
    func repair(in transaction: PostgresTransaction) throws -> [String] {
        let missing = try difference(in: transaction).missing
        for role in roles { try transaction.makeRole(role) }
        for line in missing where Self.role(madeBy: line) == nil { try transaction.make(right: line) }
        return missing
    }
}

extension Migrator {
    /// Makes what is missing of the roles, grants and policies, as the user of the URL. For a database whose schema is current.
    ///
    /// - Returns: what was missing, as statements.
    /// - Throws: `PostgresError`.
    package func repairRights(url: String, logger: Logger) async throws -> [String] {
        let rights = rights
        return try await withLock(url, logger) { session in
            try await session.transaction { try rights.repair(in: $0) }
        }
    }

    /// How the database's roles, grants and policies stand to what the service needs. Changes nothing.
    package func rightsDifference(url: String, logger: Logger) async throws -> DatabaseRights.Difference {
        let rights = rights
        return try await withSession(url, logger) { session in
            try await session.transaction { try rights.difference(in: $0) }
        }
    }
}

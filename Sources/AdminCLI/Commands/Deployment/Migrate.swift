import ArgumentParser
import Postgres
import Tenancy

/// `migrate`: brings the database's schema up to this version's.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply the missing migrations, and repair the roles and rights.",
        discussion: """
            Safe to repeat, and to run from several machines at the same time. Roles, grants and policies that are missing, as after a restore, \
            are created again. With --status, it only lists which migrations would be applied.

            Example:
              verbatim-admin migrate --status
            """)

    @Flag(help: "List applied and missing migrations; change nothing.")
    var status = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run(status ? .nothing : .ownership) { operation in
            if status {
                try show(try await operation.migrator.status(url: operation.databaseURL, logger: operation.logger))
            } else {
                let outcome = try await operation.migrator.migrate(url: operation.databaseURL, logger: operation.logger)
                let names = outcome.applied.map { Self.label($0.number, $0.name) }
                let mended = outcome.mended
                var details: [String: String] = [:]
                if !names.isEmpty { details["applied"] = names.joined(separator: ", ") }
                if !mended.isEmpty { details["rights_mended"] = "\(mended.count)" }
                // Recorded afterward: before the first migration there is no audit log.
                if !details.isEmpty {
                    let entry = AuditEntry(
                        operator: change.operatorName, action: "migrate", tenant: nil, details: details)
                    try await operation.pool.transaction { try entry.record(in: $0) }
                }
                let text = names.isEmpty ? "The schema is current." : "Applied: " + names.joined(separator: ", ")
                try Output.show(
                    names, json: output.json,
                    text: mended.isEmpty
                        ? text : "\(text)\nMade \(mended.count) roles, grants and policies that were missing.")
            }
        }
    }

    private struct Row: Encodable {
        let migration, state: String
    }

    /// As the file is named: `0001_tenancy`.
    private static func label(_ number: Int, _ name: String) -> String {
        String(repeating: "0", count: max(0, 4 - String(number).count)) + "\(number)_\(name)"
    }

    private func show(_ states: [MigrationStatus]) throws {
        let rows = states.map { Row(migration: Self.label($0.number, $0.name), state: $0.state.rawValue) }
        try Output.show(
            rows, json: output.json,
            text: Table(headings: ["MIGRATION", "STATE"], rows: rows.map { [$0.migration, $0.state] }).text)
    }
}

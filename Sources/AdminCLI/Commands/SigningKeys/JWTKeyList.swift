import ArgumentParser
import Postgres
import Tenancy

struct JWTKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the signing keys, the last to sign first.",
        discussion: """
            A key is 'waiting' while it is published and does not sign yet, 'signing', 'verifying' while what it signed still counts, and \
            'retired'.

            Example:
              verbatim-admin jwt-key list
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let rows = try await operation.pool.transaction { transaction in
                try SigningKeyRecord.all(at: try transaction.databaseTime(), in: transaction)
            }.map(JWTKeyRow.init)
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["KEY", "STATE", "CREATED", "SIGNS FROM", "RETIRES"],
                    rows: rows.map { [$0.kid, $0.state, $0.created_at, $0.signs_from, $0.retired_at ?? "-"] }
                ).text)
        }
    }
}

extension PostgresTransaction {
    /// What time the database has: every node is nearer to it than to the operator's machine.
    func databaseTime() throws -> Timestamp { try first("SELECT now()", as: Timestamp.self) ?? .now() }
}

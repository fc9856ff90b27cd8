import ArgumentParser
import Postgres
import Tenancy

struct JWTKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the signing keys, newest first.",
        discussion: """
            A key is 'waiting' while it is published but does not sign yet, then 'signing', then 'verifying' while tokens that it \
            signed are still accepted, then 'retired'.

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
    /// Returns the database's time, which is closer to the nodes' than the operator's machine is.
    func databaseTime() throws -> Timestamp { try first("SELECT now()", as: Timestamp.self) ?? .now() }
}

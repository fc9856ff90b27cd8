import ArgumentParser
import Postgres
import Tenancy

/// `rekey`: from one master key to the next.
struct Rekey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Re-encrypt all stored secrets with a new master key.",
        discussion: """
            Re-encrypts from VERBATIM_MASTER_KEY_PREVIOUS to VERBATIM_MASTER_KEY, in one transaction; safe to repeat. First restart \
            all nodes with both settings, so that they can read secrets of either key. Afterward remove the previous one.

            Example:
              verbatim-admin rekey
            """)

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let secret: String
        let resealed, left: Int
    }

    func run() async throws {
        try await Operation.run { operation in
            let keys = try OperatorMasterKey.both()
            let operatorName = change.operatorName
            let rows = try await operation.pool.transaction { transaction in
                let done = try Rekeying.run(from: keys.previous, to: keys.current, in: transaction)
                try AuditEntry(operator: operatorName, action: "rekey", tenant: nil).record(in: transaction)
                return done
            }.map { Row(secret: $0.name, resealed: $0.resealed, left: $0.left) }
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["SECRET", "RESEALED", "ALREADY UNDER THE NEW KEY"],
                    rows: rows.map { [$0.secret, "\($0.resealed)", "\($0.left)"] }
                ).text)
        }
    }
}

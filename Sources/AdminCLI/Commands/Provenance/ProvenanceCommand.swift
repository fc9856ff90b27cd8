import ArgumentParser
import Postgres
import Tenancy

/// `provenance`: signed records of where transcripts came from, and the keys that sign them.
struct ProvenanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provenance", abstract: "Signed records of where transcripts came from.",
        discussion: """
            Example:
              verbatim-admin provenance verify record.jws --transcript transcript.json
            """,
        subcommands: [ProvenanceVerify.self, ProvenanceRotateKey.self])
}

struct ProvenanceRotateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key", abstract: "Sign provenance records with a new key.",
        discussion: """
            Every node signs with the new key within a minute. The private half of the old key is destroyed. Its public half stays in \
            /.well-known/jwks.json, so all records can still be verified.

            Needs VERBATIM_MASTER_KEY, as the nodes have it.

            Example:
              verbatim-admin provenance rotate-key
            """)

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let kid: String
    }

    func run() async throws {
        try await Operation.run { operation in
            let masterKey = try OperatorMasterKey.current()
            let operatorName = change.operatorName
            let kid = try await operation.pool.transaction { transaction in
                let key = try ProvenanceKey.rotate(masterKey: masterKey, in: transaction)
                try AuditEntry(operator: operatorName, action: "provenance rotate-key", tenant: nil, target: key.kid)
                    .record(in: transaction)
                return key.kid
            }
            try Output.show(
                Row(kid: kid), json: output.json,
                text: "\(kid) signs from now on. Records of older keys can still be verified.")
        }
    }
}

import ArgumentParser
import Postgres
import Tenancy

struct KeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End an API key at once, and the sessions that began with it.",
        discussion: """
            This cannot be undone. To replace a key without an interruption, rotate it.

            Example:
              verbatim-admin key revoke 2oAwrY2V3oaQ --yes
            """)

    @OptionGroup var key: KeyArgument
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (id, operatorName) = (try key.id(), change.operatorName)
            let found = try await operation.pool.transaction { try APIKeyRecord.required(id, in: $0) }
            if found.revokedAt == nil {
                try confirmation.confirm(
                    "Revoke the key \(id) (\(found.name)) of \(found.tenant)? Clients that use it are rejected at once."
                )
            }
            let (wasRevoked, row) = try await operation.pool.transaction { transaction in
                let before = try APIKeyRecord.requiredForChange(id, in: transaction)
                try before.revoke(in: transaction)
                if before.revokedAt == nil {
                    try AuditEntry(
                        operator: operatorName, action: "key revoke", tenant: before.tenant, target: id.rawValue
                    ).record(in: transaction)
                }
                return (before.revokedAt != nil, try APIKeyRecord.required(id, in: transaction))
            }
            try Output.show(
                KeyRow(row), json: output.json,
                text: wasRevoked ? "\(id) was revoked already." : "\(id) (\(row.name)) is revoked.")
        }
    }
}

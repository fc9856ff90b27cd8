import ArgumentParser
import Postgres
import Tenancy

struct JWTKeyRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Rotate the signing key: create a new one and retire the older ones.",
        discussion: """
            The new key is published at once and signs in six minutes. The older ones verify for \(tailMinutes) minutes more, so nobody is \
            logged out.

            With --now, for a stolen key, the new one signs at once and no other verifies any more: every access token is invalid \
            within a minute, and clients get a new one from POST /auth/refresh.

            Needs VERBATIM_MASTER_KEY, as the nodes have it.

            Example:
              verbatim-admin jwt-key rotate
            """)

    private static let tailMinutes = SigningKeyRecord.tail.components.seconds / 60

    @Flag(help: "For a stolen key: invalidate all access tokens.")
    var now = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let masterKey = try OperatorMasterKey.current()
            if now { try confirmation.confirm("This ends every access token of every customer. Go on?") }
            let (immediately, operatorName) = (now, change.operatorName)
            let key = try await operation.pool.transaction { transaction in
                let key = try SigningKeyRecord.rotate(
                    immediately: immediately, masterKey: masterKey, at: try transaction.databaseTime(), in: transaction)
                try AuditEntry(
                    operator: operatorName, action: immediately ? "jwt-key rotate --now" : "jwt-key rotate",
                    tenant: nil,
                    target: key.kid
                ).record(in: transaction)
                return key
            }
            try Output.show(
                JWTKeyRow(key), json: output.json,
                text: immediately
                    ? "\(key.kid) signs from now on; every older access token is invalid within a minute."
                    : "\(key.kid) signs from \(key.signsFrom.rfc3339) on; the older keys verify for \(Self.tailMinutes) minutes more."
            )
        }
    }
}

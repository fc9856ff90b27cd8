import ArgumentParser
import Postgres
import Tenancy

/// `jwt-key`: the keys that sign access tokens.
struct JWTKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwt-key", abstract: "The keys that sign access tokens.",
        discussion: """
            Example:
              verbatim-admin jwt-key list
            """,
        subcommands: [JWTKeyList.self, JWTKeyRotate.self])
}

/// A signing key as `--json` shows it.
struct JWTKeyRow: Encodable {
    let kid, state, created_at, signs_from: String
    let retired_at: String?

    init(_ key: SigningKeyRecord) {
        kid = key.kid
        state = key.state.rawValue
        created_at = key.createdAt.rfc3339
        signs_from = key.signsFrom.rfc3339
        retired_at = key.retiredAt?.rfc3339
    }
}

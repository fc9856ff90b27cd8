import ArgumentParser
import Postgres
import Tenancy

/// `key`: customers' API keys.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Customers' API keys.",
        discussion: """
            Example:
              verbatim-admin key list --tenant ten_01J…
            """,
        subcommands: [KeyIssue.self, KeyList.self, KeyRotate.self, KeyRevoke.self])
}

/// The key that a command is about, by its public id.
///
/// It is read as text, because the parser's own error would repeat what was typed, and that may be a secret.
struct KeyArgument: ParsableArguments {
    @Argument(help: "The key's public id, as `key list` shows it.")
    var keyID: String

    func validate() throws { _ = try id() }

    func id() throws -> APIKeyID {
        guard let id = APIKeyID(rawValue: keyID) else {
            throw ValidationError("KEY_ID is the public id of 12 letters and digits that `key list` shows.")
        }
        return id
    }
}

/// When a new key expires.
struct ExpiryOption: ParsableArguments {
    @Option(help: "When the key expires: a time in RFC 3339, or a time from now such as 90d. Default: never.")
    var expires: Moment?

    func validate() throws {
        let now = Timestamp.now()
        if let expires, expires.after(now) <= now { throw ValidationError("--expires must lie in the future.") }
    }

    var moment: Timestamp? { expires?.after(.now()) }
}

import ArgumentParser
import Tenancy

/// The key that a command is about, by its public id.
///
/// Read as text: the parser's own complaint would repeat what was typed, and that may be a secret.
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

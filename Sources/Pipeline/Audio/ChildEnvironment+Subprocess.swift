import Settings
import Subprocess

extension ChildEnvironment {
    /// The variables in the form that Subprocess takes.
    var custom: Environment {
        .custom(
            variables().reduce(into: [Environment.Key: String]()) {
                $0[Environment.Key(stringLiteral: $1.key)] = $1.value
            })
    }
}

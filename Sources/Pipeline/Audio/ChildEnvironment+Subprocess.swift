import Settings
import Subprocess

extension ChildEnvironment {
    /// For a child that is about to be started.
    var custom: Environment {
        .custom(
            variables().reduce(into: [Environment.Key: String]()) {
                $0[Environment.Key(stringLiteral: $1.key)] = $1.value
            })
    }
}

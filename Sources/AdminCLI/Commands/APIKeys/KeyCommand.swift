import ArgumentParser

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

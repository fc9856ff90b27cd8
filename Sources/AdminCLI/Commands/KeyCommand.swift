import ArgumentParser

/// `key`: customers' API keys.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Customers' API keys.", subcommands: [KeyIssue.self, KeyList.self])
}

import ArgumentParser

/// `quota`: an account's limits.
struct QuotaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "An account's limits: its plan's, or its own.",
        discussion: """
            Example:
              verbatim-admin quota show --tenant ten_01J…
            """,
        subcommands: [QuotaShow.self, QuotaSet.self, QuotaClear.self])
}

import ArgumentParser

/// `job`: customers' jobs: their state, never their content.
struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Customers' jobs: their state, never their content.",
        discussion: """
            Example:
              verbatim-admin job list --status failed
            """,
        subcommands: [JobList.self, JobShow.self, JobCancel.self, JobRetryCommand.self])
}

import ArgumentParser
import Terminal

/// The operators' door.
@main
struct Admin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verbatim-admin", abstract: "Operate a Verbatim deployment.",
        discussion: """
            Connects to the database that VERBATIM_DATABASE_URL names, as the owner of its tables: a user who does not see every \
            account, such as the nodes' own, is refused. Every change is written to the audit log. --version alone tells the release.

            Example:
              verbatim-admin tenant create --name "Example Ltd" --plan pro
            """,
        subcommands: [
            Migrate.self, TenantCommand.self, QuotaCommand.self, KeyCommand.self, JobCommand.self, WebhookCommand.self,
            WebhookSecretCommand.self, JWTKeyCommand.self,
            Rekey.self, UsageCommand.self, Audit.self, YtDlpCommand.self, Status.self, Doctor.self,
        ])

    static func main() async { await CommandRunner.run(Self.self) }
}

import ArgumentParser
import Terminal

/// The operators' command line.
@main
struct Admin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verbatim-admin", abstract: "Operate a Verbatim deployment.",
        discussion: """
            Connects to the database in VERBATIM_DATABASE_URL as the owner of its tables. A database user that does not see every \
            account, such as the nodes' own, is rejected. Every change is written to the audit log. --version alone prints the release.

            Example:
              verbatim-admin tenant create --name "Example Ltd" --plan pro
            """,
        subcommands: [
            Migrate.self, TenantCommand.self, QuotaCommand.self, KeyCommand.self, MemberCommand.self, JobCommand.self,
            WebhookCommand.self,
            WebhookSecretCommand.self, JWTKeyCommand.self, ProvenanceCommand.self, Rekey.self, UsageCommand.self,
            PlanCommand.self,
            SellerCommand.self, Audit.self, YtDlpCommand.self, Status.self, Doctor.self,
        ])

    static func main() async { await CommandRunner.run(Self.self) }
}

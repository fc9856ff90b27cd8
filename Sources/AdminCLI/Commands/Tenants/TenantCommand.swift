import ArgumentParser

/// `tenant`: customers' accounts.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Customers' accounts.",
        discussion: """
            Example:
              verbatim-admin tenant list
            """,
        subcommands: [
            TenantCreate.self, TenantList.self, TenantShow.self, TenantSetPlan.self, TenantRename.self,
            TenantSet.self, TenantSuspend.self,
            TenantResume.self, TenantExportCommand.self, TenantDelete.self,
        ])
}

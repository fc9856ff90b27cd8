import ArgumentParser

/// `tenant`: customers' accounts.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Customers' accounts.", subcommands: [TenantCreate.self, TenantList.self])
}

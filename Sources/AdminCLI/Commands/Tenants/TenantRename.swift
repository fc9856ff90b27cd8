import ArgumentParser
import Postgres
import Tenancy

struct TenantRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Change an account's name.",
        discussion: """
            Statements of closed months keep the old one.

            Example:
              verbatim-admin tenant rename ten_01J… --name "Example Group"
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @Option(help: "The new name, 1 to 200 characters.")
    var name: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try plainName()
    }

    private func plainName() throws -> String { try PlainName.of(name, option: "--name", longest: 200) }

    func run() async throws {
        try await Operation.run { operation in
            let (id, name, operatorName) = (tenantID, try plainName(), change.operatorName)
            let (before, after) = try await operation.pool.transaction { transaction in
                let before = try Tenant.requiredForChange(id, in: transaction)
                if before.name != name {
                    try before.rename(to: name, in: transaction)
                    try AuditEntry(operator: operatorName, action: "tenant rename", tenant: id).record(in: transaction)
                }
                return (before, try Tenant.required(id, in: transaction))
            }
            try Output.show(
                TenantRow(after), json: output.json,
                text: before.name == name
                    ? "\(id) has this name already." : "\(id) is called \(name) from now on; it was \(before.name).")
        }
    }
}

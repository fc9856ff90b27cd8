import ArgumentParser
import Tenancy

struct TenantResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Resume a suspended account.",
        discussion: """
            Example:
              verbatim-admin tenant resume ten_01J…
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            try await TenantStatusChange(id: tenantID, to: .active, action: "tenant resume", by: change.operatorName)
                .run(operation, json: output.json, already: "active already", done: "active again")
        }
    }
}

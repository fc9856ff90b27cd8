import ArgumentParser
import Postgres
import Tenancy

struct TenantSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Suspend an account: its keys and tokens are refused until it is resumed.",
        discussion: """
            Nothing is deleted. Running jobs go on; waiting jobs do not start. Those that still wait when the month of their \
            submission is closed are cancelled then, without a bill.

            Example:
              verbatim-admin tenant suspend ten_01J… --yes
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let id = tenantID
            let tenant = try await operation.pool.transaction { try Tenant.required(id, in: $0) }
            if tenant.status == .active {
                try confirmation.confirm("Suspend \(id) (\(tenant.name))? Its requests are rejected at once.")
            }
            try await TenantStatusChange(id: id, to: .suspended, action: "tenant suspend", by: change.operatorName)
                .run(operation, json: output.json, already: "suspended already", done: "suspended")
        }
    }
}

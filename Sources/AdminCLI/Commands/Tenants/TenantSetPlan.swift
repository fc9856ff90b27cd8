import ArgumentParser
import Billing
import Postgres
import Tenancy

struct TenantSetPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-plan", abstract: "Change an account's plan.",
        discussion: """
            The new terms apply to jobs that are submitted from now on; jobs that were admitted before keep theirs. The account's own \
            limits stay; see: verbatim-admin quota show.

            Example:
              verbatim-admin tenant set-plan ten_01J… --plan business
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @Option(help: "The plan: free, pro, business, or another one of `plan list`.")
    var plan: PlanName
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (id, plan, operatorName) = (tenantID, plan, change.operatorName)
            let (before, after) = try await operation.pool.transaction { transaction in
                let before = try Tenant.requiredForChange(id, in: transaction)
                if before.plan != plan {
                    try Plan.requiredForSale(plan, in: transaction)
                    try before.put(on: plan, in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "tenant set-plan", tenant: id,
                        details: ["from": before.plan.rawValue, "to": plan.rawValue]
                    ).record(in: transaction)
                }
                return (before, try Tenant.required(id, in: transaction))
            }
            try Output.show(
                TenantRow(after), json: output.json,
                text: before.plan == plan
                    ? "\(id) is on \(plan.rawValue) already."
                    : "\(id) is on \(plan.rawValue) from now on; it was on \(before.plan.rawValue).")
        }
    }
}

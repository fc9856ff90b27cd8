import ArgumentParser
import Billing
import Pipeline
import Postgres
import Tenancy

struct TenantShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an account: its plan, keys, limits, this month's use and open jobs.",
        discussion: """
            Example:
              verbatim-admin tenant show ten_01J…
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let tenant_id, name, plan, status, created_at: String
        let keys_active, keys_total, jobs_queued, jobs_processing: Int
        let quota: QuotaRow
    }

    func run() async throws {
        try await Operation.run { operation in
            let id = tenantID
            let answer = try await operation.pool.transaction { transaction in
                let tenant = try Tenant.required(id, in: transaction)
                let keys = try APIKeyRecord.all(of: id, in: transaction)
                let jobs = try JobOverview.open(of: id, in: transaction)
                return Answer(
                    tenant_id: id.rawValue, name: tenant.name, plan: tenant.plan.rawValue,
                    status: tenant.status.rawValue, created_at: tenant.createdAt.rfc3339,
                    keys_active: keys.count { $0.state(at: .now()) == .active }, keys_total: keys.count,
                    jobs_queued: jobs.queued, jobs_processing: jobs.processing,
                    quota: try QuotaRow.load(of: id, in: transaction))
            }
            try Output.show(answer, json: output.json, text: Self.text(answer))
        }
    }

    private static func text(_ answer: Answer) -> String {
        let facts = Table(
            headings: ["TENANT", answer.tenant_id],
            rows: [
                ["name", answer.name], ["plan", answer.plan], ["status", answer.status],
                ["created", answer.created_at],
                ["keys", "\(answer.keys_active) active of \(answer.keys_total)"],
                ["jobs", "\(answer.jobs_queued) waiting, \(answer.jobs_processing) running"],
            ])
        return facts.text + "\n\n" + answer.quota.text
    }
}

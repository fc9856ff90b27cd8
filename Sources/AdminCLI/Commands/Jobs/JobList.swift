import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct JobList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs, newest first.",
        discussion: """
            Example:
              verbatim-admin job list --tenant ten_01J… --status processing
            """)

    @Option(help: "Only this account's jobs.")
    var tenant: TenantID?
    @Option(help: "Only jobs of this status.")
    var status: JobStatus?
    @OptionGroup var count: CountOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, status, limit) = (tenant, status, count.limit)
            let rows = try await operation.pool.transaction { transaction in
                if let tenant { _ = try Tenant.required(tenant, in: transaction) }
                return try JobOverview.newest(of: tenant, status: status, limit: limit, in: transaction)
            }.map(JobRow.init)
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["JOB", "TENANT", "STATUS", "CREATED", "DONE", "LENGTH", "ENGINE", "ERROR"],
                    rows: rows.map {
                        [
                            $0.job_id, $0.tenant_id, $0.status, $0.created_at, $0.progressText, $0.durationText ?? "-",
                            $0.engine ?? "-", $0.error ?? "-",
                        ]
                    }
                ).text)
        }
    }
}

import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct WebhookDeliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "List the latest webhook attempts of an account or of one job.",
        discussion: """
            Example:
              verbatim-admin webhook deliveries --tenant ten_01J… --limit 20
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "Only the latest attempts of this job, oldest first.")
    var job: JobID?
    @OptionGroup var count: CountOption
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let event_id: String
        let job_id: String?
        let attempt: Int
        let at: String
        let status_code: Int?
        let latency_ms: Int64?
        let error: String?

        init(_ attempt: DeliveryAttempt) {
            event_id = attempt.event.rawValue
            job_id = attempt.job?.rawValue
            self.attempt = attempt.number
            at = attempt.at.rfc3339
            status_code = attempt.statusCode
            latency_ms = attempt.latencyMilliseconds
            error = attempt.error?.rawValue
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, job, limit) = (tenant, job, count.limit)
            let rows = try await operation.pool.transaction { transaction in
                _ = try Tenant.required(tenant, in: transaction)
                guard let job else { return try DeliveryLog.latest(of: tenant, limit: limit, in: transaction) }
                let id = try WebhookCommand.requireJob(job, of: tenant, in: transaction).id
                return try DeliveryLog.attempts(of: id, tenant: tenant, limit: limit, in: transaction)
            }.map(Row.init)
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["EVENT", "JOB", "TRY", "AT", "STATUS", "MS", "ERROR"],
                    rows: rows.map { row in
                        [
                            row.event_id, row.job_id ?? "-", "\(row.attempt)", row.at,
                            row.status_code.map { "\($0)" } ?? "-",
                            row.latency_ms.map { "\($0)" } ?? "-", row.error ?? "-",
                        ]
                    }
                ).text)
        }
    }
}

import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct WebhookReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send an account's webhooks again: one job's, or all of a period.",
        discussion: """
            Sends the same events, byte for byte, each on a new schedule of 24 hours. With --job, a job that had no endpoint when it \
            ended gets its event now; its transcript_url begins with VERBATIM_PUBLIC_URL: set it as on the nodes.

            Example:
              verbatim-admin webhook replay --tenant ten_01J… --since 2026-11-23T09:00:00Z
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "The job whose event is sent again.")
    var job: JobID?
    @Option(help: "All events created from this time on: RFC 3339, or a time ago such as 24h.")
    var since: Moment?
    @Option(help: "Only those created before this time. Default: now.")
    var until: Moment?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (job == nil) != (since == nil), until == nil || since != nil else {
            throw ValidationError("Name either --job, or --since with or without --until.")
        }
    }

    private struct Answer: Encodable {
        let replayed: Int
    }

    func run() async throws {
        try await Operation.run { operation in
            let count =
                if let job {
                    try await replay(job, on: operation.pool)
                } else if let since {
                    try await replay(
                        since: since.before(.now()), until: until?.before(.now()) ?? .now(), on: operation.pool)
                } else {
                    0
                }
            try Output.show(
                Answer(replayed: count), json: output.json,
                text: "\(count) \(count == 1 ? "event is" : "events are") sent again.")
        }
    }

    private func replay(_ id: JobID, on pool: PostgresPool) async throws -> Int {
        let (tenant, operatorName, publicURL) = (tenant, change.operatorName, try WebhookSettings().publicURL)
        return try await pool.transaction { transaction in
            _ = try Tenant.requiredForChange(tenant, in: transaction)
            let job = try WebhookCommand.requireJob(id, of: tenant, in: transaction)
            guard job.status.isFinished else { throw OperatorError("\(job.id) is still \(job.status.rawValue)") }
            guard try WebhookEvent.replay(job, publicURL: publicURL, in: transaction) else {
                throw OperatorError("\(job.id) names no webhook_url, and the account has no default endpoint")
            }
            try AuditEntry(operator: operatorName, action: "webhook replay", tenant: tenant, target: id.rawValue)
                .record(in: transaction)
            return 1
        }
    }

    private func replay(since: Timestamp, until: Timestamp, on pool: PostgresPool) async throws -> Int {
        let (tenant, operatorName) = (tenant, change.operatorName)
        let replay = EventReplay(of: tenant, since: since, until: until, on: pool)
        // Recorded before it begins: if it breaks off, some events have been sent again.
        try await pool.transaction { transaction in
            _ = try Tenant.requiredForChange(tenant, in: transaction)
            let count = try replay.count(in: transaction)
            let details = ["since": since.rfc3339, "until": until.rfc3339, "count": "\(count)"]
            try AuditEntry(operator: operatorName, action: "webhook replay", tenant: tenant, details: details)
                .record(in: transaction)
        }
        return try await replay.run()
    }
}

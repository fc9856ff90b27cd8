import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct WebhookReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send an account's webhooks again: one job's, or all of a period.",
        discussion: """
            The same events, byte for byte, each on a new schedule of 24 hours. With --job, one that had no endpoint when it ended gets its event now, whose \
            transcript_url begins with VERBATIM_PUBLIC_URL, as on the nodes.

            Example:
              verbatim-admin webhook replay --tenant ten_01J… --since 2026-11-23T09:00:00Z
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "The job whose event is sent again.")
    var job: JobID?
    @Option(help: "All events made from this moment on: RFC 3339, or so long ago, such as 24h.")
    var since: Moment?
    @Option(help: "Of these, those made before this moment. Default: now.")
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
            guard job.status.isFinished else { throw OperatorError("\(job.id) is \(job.status.rawValue) still") }
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
        // Before it begins: what breaks off has sent some of them again.
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

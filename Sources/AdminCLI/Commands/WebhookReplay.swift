import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct WebhookReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Send an account's webhooks again: one job's, or all of a stretch of time.",
        discussion: """
            The same events, byte for byte, each on a new schedule of 24 hours.

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
            let (tenant, job, since, until) = (
                tenant, job, since?.before(.now()), until?.before(.now()) ?? .now()
            )
            let (operatorName, publicURL) = (change.operatorName, WebhookSettings().publicURL)
            let count = try await operation.pool.transaction { transaction in
                _ = try Tenant.required(tenant, in: transaction)
                let count =
                    if let job {
                        try Self.replay(job, of: tenant, publicURL, in: transaction)
                    } else if let since {
                        try WebhookEvent.replay(of: tenant, since: since, until: until, in: transaction)
                    } else {
                        0
                    }
                try AuditEntry(operator: operatorName, action: "webhook replay", tenant: tenant, target: job?.rawValue)
                    .record(in: transaction)
                return count
            }
            try Output.show(
                Answer(replayed: count), json: output.json,
                text: "\(count) \(count == 1 ? "event is" : "events are") sent again.")
        }
    }

    private static func replay(
        _ id: JobID, of tenant: TenantID, _ publicURL: String?, in transaction: PostgresTransaction
    ) throws -> Int {
        let job = try WebhookCommand.requireJob(id, of: tenant, in: transaction)
        guard job.status.isFinished else { throw OperatorError("\(job.id) is \(job.status.rawValue) still") }
        guard try WebhookEvent.replay(job, publicURL: publicURL, in: transaction) else {
            throw OperatorError("\(job.id) names no webhook_url, and the account has no default endpoint")
        }
        return 1
    }
}

import ArgumentParser
import Pipeline
import Postgres
import Tenancy

/// `webhook`: how customers are told of their jobs.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Inspect, test and replay webhooks.",
        discussion: """
            Example:
              verbatim-admin webhook deliveries --tenant ten_01J…
            """,
        subcommands: [WebhookDeliveries.self, WebhookReplay.self, WebhookTest.self])

    /// The tenant's job. Throws what to tell an operator when there is none.
    static func requireJob(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Job {
        guard let job = try Job.find(id, of: tenant, in: transaction) else {
            throw OperatorError("\(tenant) has no job \(id)")
        }
        return job
    }
}

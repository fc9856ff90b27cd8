import ArgumentParser
import Pipeline
import Postgres
import Settings
import Tenancy

/// `webhook`: inspects, tests and replays webhooks.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook", abstract: "Inspect, test and replay webhooks.",
        discussion: """
            Example:
              verbatim-admin webhook deliveries --tenant ten_01J…
            """,
        subcommands: [WebhookDeliveries.self, WebhookReplay.self, WebhookTest.self])

    /// Returns the tenant's job. Throws an ``OperatorError`` if there is none.
    static func requireJob(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Job {
        guard let job = try Job.find(id, of: tenant, in: transaction) else {
            throw OperatorError("\(tenant) has no job \(id)")
        }
        return job
    }
}

/// What the commands about webhooks read from the environment, besides the database's URL and the master key.
struct WebhookSettings {
    /// Blocks of private addresses to which webhooks may be sent.
    let egressAllow: String
    /// Where customers reach the service.
    let publicURL: String?

    /// Throws if one of them is invalid.
    init() throws {
        let reader = SettingsReader()
        egressAllow = reader.string("VERBATIM_EGRESS_ALLOW") ?? ""
        publicURL = NodeSettings.publicURL(reader)
        try reader.finish()
    }
}

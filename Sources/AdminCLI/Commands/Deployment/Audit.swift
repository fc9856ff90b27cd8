import ArgumentParser
import Postgres
import Tenancy

/// `audit`: what operators and customers changed.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what operators and customers changed, and who did, newest first.",
        discussion: """
            Of customers: the default webhook endpoint, cancelled jobs, deleted jobs and transcripts, each with the API key \
            that did it.

            Example:
              verbatim-admin audit --tenant ten_01J… --since 30d
            """)

    @Option(help: "Only what concerns this account.")
    var tenant: TenantID?
    @Option(help: "From this time on: RFC 3339, or a time ago such as 24h.")
    var since: Moment?
    @OptionGroup var count: CountOption
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let id: Int64
        let at, action: String
        let `operator`, key_id, member_id, tenant_id, target: String?
        let details: [String: String]

        init(_ record: AuditRecord) {
            id = record.id
            at = record.at.rfc3339
            `operator` = record.entry.author.operator
            key_id = record.entry.author.key?.rawValue
            member_id = record.entry.author.member?.rawValue
            action = record.entry.action
            tenant_id = record.entry.tenant?.rawValue
            target = record.entry.target
            details = record.entry.details
        }

        var author: String { `operator` ?? key_id.map { "key \($0)" } ?? "member \(member_id ?? "-")" }

        var detailsText: String {
            details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, since, limit) = (tenant, since?.before(.now()), count.limit)
            let rows = try await operation.pool.transaction { transaction in
                let records = try AuditRecord.newest(of: tenant, since: since, limit: limit, in: transaction)
                // A deleted account still has a history.
                if let tenant, records.isEmpty { _ = try Tenant.required(tenant, in: transaction) }
                return records
            }.map(Row.init)
            try Output.show(
                rows, json: output.json,
                text: Table(
                    headings: ["AT", "BY", "ACTION", "TENANT", "TARGET", "DETAILS"],
                    rows: rows.map {
                        [$0.at, $0.author, $0.action, $0.tenant_id ?? "-", $0.target ?? "-", $0.detailsText]
                    }
                ).text)
        }
    }
}

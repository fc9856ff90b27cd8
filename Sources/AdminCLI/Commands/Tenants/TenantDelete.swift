import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct TenantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an account for good, except what was billed.",
        discussion: """
            Its keys and tokens stop working within a second. Its unfinished jobs are cancelled. Words, names, metadata, addresses and \
            secrets are deleted. What stays: its id, the ledger and the statements (with its name, for these alone, if something was \
            billed), a record of each job (id, times, seconds, outcome), and the audit log. The workers delete the recordings, at once \
            if one is running; run the command again to see how many jobs still have some. Repeating it is safe, also after a crash.

            Example:
              verbatim-admin tenant delete ten_01J… --yes
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let tenant_id, status: String
        let jobs_deleted, jobs_with_audio: Int
    }

    func run() async throws {
        try await Operation.run { operation in
            let id = tenantID
            let tenant = try await operation.pool.transaction { try Tenant.required(id, in: $0) }
            if tenant.status != .deleted {
                try confirmation.confirm(
                    "Delete \(id) (\(tenant.name)) for good, with all its jobs and their words? This cannot be undone.")
            }
            let outcome = try await TenantDeletion(of: id, on: operation.pool).run(by: change.operatorName)
            try Output.show(
                Answer(
                    tenant_id: id.rawValue, status: TenantStatus.deleted.rawValue, jobs_deleted: outcome.jobs,
                    jobs_with_audio: outcome.jobsWithAudio),
                json: output.json, text: "\(id) is deleted. " + Self.text(outcome))
        }
    }

    private static func text(_ outcome: TenantDeletion.Outcome) -> String {
        let jobs = "Jobs erased: \(outcome.jobs)."
        return outcome.jobsWithAudio == 0
            ? jobs + " Nothing of their audio is left."
            : jobs + " Jobs whose audio the workers have yet to remove: \(outcome.jobsWithAudio)."
    }
}

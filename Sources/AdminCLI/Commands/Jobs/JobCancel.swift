import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct JobCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a queued or running job. It is not billed.",
        discussion: """
            Example:
              verbatim-admin job cancel job_01J… --yes
            """)

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let job_id, tenant_id, status: String
    }

    func run() async throws {
        try await Operation.run { operation in
            let (id, operatorName) = (job, change.operatorName)
            let found = try await operation.pool.transaction { try JobOverview.find(id, in: $0) }
            guard let found else { throw OperatorError("there is no job \(id); see: verbatim-admin job list") }
            guard !found.status.isFinished else {
                throw OperatorError("the job \(id) has ended already: it is \(found.status.rawValue)")
            }
            try confirmation.confirm("Cancel the job \(id) of \(found.tenant)?")
            do {
                _ = try await operation.pool.transaction { transaction in
                    let cancelled = try Job.cancel(id, of: found.tenant, in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "job cancel", tenant: found.tenant, target: id.rawValue
                    ).record(in: transaction)
                    return cancelled
                }
            } catch is JobFinished {
                throw OperatorError("the job \(id) has just ended by itself; nothing was changed")
            }
            try Output.show(
                Answer(job_id: id.rawValue, tenant_id: found.tenant.rawValue, status: "cancelled"), json: output.json,
                text: "\(id) is cancelled.")
        }
    }
}

import ArgumentParser
import Billing
import Foundation
import Pipeline
import Postgres
import Settings
import Tenancy

struct JobRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Submit a failed job's recording once more, as a new job.",
        discussion: """
            Works while the source is still there: see VERBATIM_SOURCE_RETENTION, and 'kept' in job show. The new job has the same options
            and is admitted anew, against the account's limits of now. Needs VERBATIM_STORAGE.

            Example:
              verbatim-admin job retry job_01J…
            """)

    @Argument(help: "The failed job's id.")
    var job: JobID
    @Flag(help: "Bill what goes beyond the month as overage, where the account has it enabled.")
    var acceptOverage = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let job_id, tenant_id, retried_job_id: String
    }

    func run() async throws {
        try await Operation.run { operation in
            let reader = SettingsReader()
            let setting = StorageSetting.read(reader)
            try reader.finish()
            guard let setting else { return }
            let (id, operatorName) = (job, change.operatorName)
            let retry = try await operation.pool.transaction { try JobRetry.find(id, in: $0) }
            guard let retry else {
                throw OperatorError(
                    "the job \(id) cannot be tried again: it is not there, has not failed, or its source is gone")
            }
            if case .folder(let root) = setting { try Self.requireOwner(of: root) }
            let new = JobID()
            do {
                try await operation.pool.transaction { transaction in
                    try retry.begin(as: new, in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "job retry", tenant: retry.tenant, target: id.rawValue,
                        details: ["new_job": new.rawValue]
                    ).record(in: transaction)
                }
            } catch let done as JobRetry.Done {
                throw OperatorError("the recording was submitted once more already, as \(done.job)")
            }
            let databases = Databases(url: operation.databaseURL, size: 2, logger: operation.logger)
            let admission = Admission(
                databases: databases, hint: QueueHint(databases: databases, logger: operation.logger))
            let created: Job
            do {
                created = try await retry.submit(
                    as: new, acceptOverage: acceptOverage, to: admission,
                    storage: try setting.open(
                        scratch: ScratchSpace(folder: NSTemporaryDirectory(), bytes: 0), logger: operation.logger))
            } catch {
                await databases.close()
                throw Self.explained(error)
            }
            await databases.close()
            try Output.show(
                Answer(job_id: created.id.rawValue, tenant_id: retry.tenant.rawValue, retried_job_id: id.rawValue),
                json: output.json, text: "\(created.id) is queued with the recording of \(id).")
        }
    }

    /// What another user writes into the storage, the service could neither read nor remove.
    private static func requireOwner(of root: String) throws {
        var status = stat()
        guard stat(root, &status) == 0 else {
            throw OperatorError("the folder of VERBATIM_STORAGE cannot be read here")
        }
        guard status.st_uid == geteuid() else {
            throw OperatorError(
                "run this as the user who runs the service: the folder of VERBATIM_STORAGE is not yours")
        }
    }

    private static func explained(_ error: any Error) -> any Error {
        switch error {
        case ReservationError.quotaExceeded(let overageAllowed):
            OperatorError(
                "the month's minutes do not cover the recording"
                    + (overageAllowed
                        ? "; with --accept-overage the rest is billed" : "; see: verbatim-admin quota set"))
        case AdmissionError.tooManyAtOnce, AdmissionError.backlogFull:
            OperatorError("the account has as many jobs under way as it may; try again later")
        case AdmissionError.accountDeleted: OperatorError("the account was deleted; that cannot be undone")
        default: error
        }
    }
}

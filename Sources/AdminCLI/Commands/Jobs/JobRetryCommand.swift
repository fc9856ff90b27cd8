import ArgumentParser
import Billing
import Foundation
import Pipeline
import Postgres
import Settings
import Tenancy

struct JobRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Retry a failed job, as a new job with the same recording.",
        discussion: """
            If several operators retry the same job at the same time, only one succeeds. The new job has the same options and must fit into \
            the account's present limits.

            While the recording is kept, it is copied, which needs VERBATIM_STORAGE: see VERBATIM_SOURCE_RETENTION, and 'kept' in job \
            show. Later, or if nothing was fetched, a job with a URL fetches it again, unless its customer has deleted the job. If an \
            uploaded recording is gone, the customer must send it again.

            Example:
              verbatim-admin job retry job_01J…
            """)

    @Argument(help: "The failed job's id.")
    var job: JobID
    @Flag(help: "Bill minutes beyond the month's as overage, if the account has it enabled.")
    var acceptOverage = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let job_id, tenant_id, retried_job_id: String
    }

    func run() async throws {
        try await Operation.run { operation in
            let id = job
            let retry = try await find(operation)
            let storage = try retry.isKept ? Self.storage(operation) : nil
            let claim = try await begin(retry, operation)
            let databases = Databases(url: operation.databaseURL, size: 2, logger: operation.logger)
            let admission = Admission(
                databases: databases, hint: QueueHint(databases: databases, logger: operation.logger))
            let created: Job
            do {
                created = try await retry.submit(
                    under: claim, acceptOverage: acceptOverage, to: admission, storage: storage,
                    on: operation.pool)
            } catch {
                await databases.close()
                throw Self.explained(error)
            }
            await databases.close()
            try Output.show(
                Answer(job_id: created.id.rawValue, tenant_id: retry.tenant.rawValue, retried_job_id: id.rawValue),
                json: output.json,
                text: "\(created.id) is queued with the recording of \(id)"
                    + (retry.isKept ? "." : ", which is fetched again."))
        }
    }

    private func find(_ operation: Operation) async throws -> JobRetry {
        let id = job
        do {
            return try await operation.pool.transaction { try JobRetry.find(id, in: $0) }
        } catch let refusal as JobRetry.Refusal {
            let sentence =
                switch refusal {
                case .noJob: "there is no job \(id); see: verbatim-admin job list"
                case .notFailed(let status): "the job \(id) has not failed: it is \(status.rawValue)"
                case .deleted: "the job \(id) was deleted by its customer, and the address of its recording with it"
                case .sourceGone:
                    "the recording of \(id) is gone: it is kept for VERBATIM_SOURCE_RETENTION at most, and not at all if the "
                        + "recording was at fault; the customer must send it again"
                }
            throw OperatorError(sentence)
        }
    }

    /// Records first what is about to be done, so that only one of several operators does it.
    private func begin(_ retry: JobRetry, _ operation: Operation) async throws -> RetryClaim {
        let (id, new, operatorName) = (job, JobID(), change.operatorName)
        do {
            return try await operation.pool.transaction { transaction in
                let claim = try retry.begin(as: new, in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "job retry", tenant: retry.tenant, target: id.rawValue,
                    details: ["new_job": new.rawValue]
                ).record(in: transaction)
                return claim
            }
        } catch let done as JobRetry.Done {
            throw OperatorError("the recording was already submitted again, as \(done.job)")
        } catch let other as JobRetry.UnderWay {
            throw OperatorError(
                "somebody else is submitting the recording again, as \(other.job); if that fails, "
                    + "it may be tried again from \(other.until) on")
        } catch is JobRetry.Gone {
            throw OperatorError("the job \(id) has just been deleted by its customer")
        }
    }

    private static func storage(_ operation: Operation) throws -> (any Storage)? {
        let reader = SettingsReader()
        let setting = StorageSetting.read(reader)
        try reader.finish()
        if case .folder(let root) = setting { try requireOwner(of: root) }
        // An object store copies by itself: no local space is needed.
        return try setting?.open(
            scratch: ScratchSpace(folder: NSTemporaryDirectory(), bytes: 0), logger: operation.logger)
    }

    /// The service could neither read nor remove what another user writes into its folder.
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
        case ReservationError.quotaExceeded(.keyMinutes, _):
            OperatorError("the minutes of the API key that submitted the job do not cover the recording")
        case ReservationError.quotaExceeded(.overageCap, _):
            OperatorError("the account's cap on overage does not cover the recording; see: verbatim-admin quota show")
        case ReservationError.quotaExceeded(.monthlyMinutes, let overageAllowed):
            OperatorError(
                "the month's minutes do not cover the recording"
                    + (overageAllowed
                        ? "; with --accept-overage the rest is billed" : "; see: verbatim-admin quota set"))
        case AdmissionError.tooManyAtOnce, AdmissionError.backlogFull:
            OperatorError("the account has as many unfinished jobs as it may; try again later")
        case AdmissionError.retryTakenOver:
            OperatorError("another retry took over, or the customer has just deleted the job; nothing was queued here")
        case AdmissionError.accountDeleted: OperatorError("the account was deleted; that cannot be undone")
        default: error
        }
    }
}

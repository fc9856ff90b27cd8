import Postgres
import Tenancy

/// One recording on its way from source to transcript, as its customer sees it.
package struct Job: Sendable, Equatable {
    package let id: JobID
    package let tenant: TenantID
    package let status: JobStatus
    package let createdAt: Timestamp
    package let startedAt: Timestamp?
    package let completedAt: Timestamp?
    /// By audio done, 0 to 1; 1 when completed and not before.
    package let progress: Double
    /// What the probe made expect; nil where it could not tell.
    package let estimatedMilliseconds: Int64?
    /// Of the decoded source; nil until it is known.
    package let durationMilliseconds: Int64?
    package let language: String?
    package let diarize: Bool
    package let source: JobSource
    package let sourceDeletedAt: Timestamp?
    package let engine: String?
    /// The customer's JSON object, as text.
    package let metadata: String
    /// Where the customer wants to be told of this job; nil: the account's default endpoint, if there is one.
    package let webhookURL: String?
    package let failure: JobFailure?
}

/// Where a job's recording came from.
package enum JobSource: Sendable, Equatable {
    /// A file that was posted; its name is for display alone.
    case upload(name: String?)
    case url(String)
}

/// What a customer asks for with a job.
package struct JobOptions: Sendable, Equatable {
    package var diarize = true
    package var language = LanguageChoice.automatic
    package var speakersExpected: Int?
    /// A JSON object, as text, at most 4 KiB.
    package var metadata = "{}"
    /// Where to tell of the job's end, instead of the account's default endpoint.
    package var webhookURL: String?

    package init() {}
}

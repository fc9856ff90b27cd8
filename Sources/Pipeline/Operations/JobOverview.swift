import Postgres
import Tenancy

/// A job as operators see it: how it fares and nothing of what it holds. No file's name, no metadata, of a URL the host alone.
package struct JobOverview: Sendable {
    package let id: JobID
    package let tenant: TenantID
    package let status: JobStatus
    package let createdAt: Timestamp
    package let startedAt: Timestamp?
    package let completedAt: Timestamp?
    /// By audio done, 0 to 1.
    package let progress: Double
    /// Of the decoded source; nil until it is known.
    package let durationMilliseconds: Int64?
    package let language: String?
    package let diarize: Bool
    package let engine: String?
    package let source: Source
    package let failure: Failure?
    /// What it holds of its tenant's month.
    package let reservedSeconds: Int64?
    /// What stands in the ledger.
    package let usedSeconds: Int64?

    package struct Source: Sendable {
        /// `upload` or `url`.
        package let type: String
        package let host: String?
        package let bytes: Int64?
        package let deletedAt: Timestamp?
        /// Whether storage still holds it.
        package let isKept: Bool
    }

    package struct Failure: Sendable {
        package let code: String
        package let reason: String?
    }
}

/// A step of a job as operators see it.
package struct TaskOverview: Sendable {
    package let id: Int64
    package let kind: TaskKind
    /// The piece or stretch.
    package let part: Int?
    package let status: String
    package let attempt: Int
    /// Not before.
    package let runAfter: Timestamp
    package let worker: String?
    package let leaseUntil: Timestamp?
    /// What the last attempt met: the name of an error, never its text.
    package let lastError: String?
}

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

extension Job {
    private static let columns: PostgresQuery = """
        id, tenant_id, status, created_at, started_at, completed_at, samples_total, samples_processed, samples_to_process, estimated_ms,
        language, diarize,
        source_type, source_name, source_url, source_deleted_at, engine, metadata, webhook_url, error_code,
        error_reason, error_message
        """

    /// The tenant's job with this id, or nil.
    package static func find(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Job? {
        try transaction.query(
            "SELECT \(columns) FROM jobs WHERE tenant_id = \(tenant) AND id = \(id) AND deleted_at IS NULL"
        )
        .first.map(Job.init(row:))
    }

    /// Locks the job's row, which whoever ends it or one of its tasks locks first.
    static func lock(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT FROM jobs WHERE tenant_id = \(tenant) AND id = \(id) FOR NO KEY UPDATE")
    }

    /// Where the job stands; nil when there is none.
    static func status(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> JobStatus? {
        try transaction.first(
            "SELECT status FROM jobs WHERE tenant_id = \(tenant) AND id = \(id)", as: JobStatus.self)
    }

    /// The tenant's jobs that pass `filter`, newest first: one more than `limit` when there is a further page.
    static func list(
        of tenant: TenantID, _ filter: JobFilter, limit: Int, in transaction: PostgresTransaction
    ) throws -> [Job] {
        // Which index serves best hangs on the values: a minute's changes are few, a year's are all there is.
        try transaction.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        return try transaction.query(
            """
            SELECT \(columns) FROM jobs WHERE tenant_id = \(tenant) AND deleted_at IS NULL \(asked(by: filter))
            ORDER BY id DESC LIMIT \(limit + 1)
            """
        ).map(Job.init(row:))
    }

    /// Conditions for what is asked and no other: one that says `IS NULL OR` is served by no index.
    private static func asked(by filter: JobFilter) -> PostgresQuery {
        let conditions: [PostgresQuery?] = [
            filter.status.map { "AND status = \($0)" }, filter.since.map { "AND status_changed_at >= \($0)" },
            filter.until.map { "AND status_changed_at < \($0)" }, filter.before.map { "AND id < \($0)" },
        ]
        return PostgresQuery(joining: conditions.compactMap { $0 }, separator: " ")
    }

    private init(row: PostgresRow) throws {
        let status = try row.value("status", JobStatus.self)
        self.status = status
        id = try row.value("id", JobID.self)
        tenant = try row.value("tenant_id", TenantID.self)
        createdAt = try row.value("created_at", Timestamp.self)
        startedAt = try row.value("started_at", Timestamp?.self)
        completedAt = try row.value("completed_at", Timestamp?.self)
        let total = try row.value("samples_total", Int64?.self)
        estimatedMilliseconds = try row.value("estimated_ms", Int64?.self)
        durationMilliseconds = total.map(Samples.milliseconds)
        progress = Self.progress(
            status, done: try row.value("samples_processed", Int64.self),
            work: try row.value("samples_to_process", Int64?.self))
        language = try row.value("language", String?.self)
        diarize = try row.value("diarize", Bool.self)
        source =
            if let url = try row.value("source_url", String?.self) {
                .url(url)
            } else {
                .upload(name: try row.value("source_name", String?.self))
            }
        sourceDeletedAt = try row.value("source_deleted_at", Timestamp?.self)
        engine = try row.value("engine", String?.self)
        metadata = try row.value("metadata", JSONB.self).text
        webhookURL = try row.value("webhook_url", String?.self)
        failure = try row.value("error_code", JobFailure.Code?.self).map {
            JobFailure(
                code: $0, reason: try row.value("error_reason", String?.self),
                message: try row.value("error_message", String.self))
        }
    }

    private static func progress(_ status: JobStatus, done: Int64, work: Int64?) -> Double {
        if status == .completed { return 1 }
        guard let work, work > 0 else { return 0 }
        // All audio is done a moment before the transcript is there.
        return min(0.99, Double(done * 1000 / work) / 1000)
    }
}

/// Where a job stands: `queued → processing → completed | failed | cancelled`, never backwards.
package enum JobStatus: String, Sendable, CaseIterable, PostgresCodable {
    case queued, processing, completed, failed, cancelled

    package var isFinished: Bool {
        switch self {
        case .queued, .processing: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// The name of a job, for its customer and in every table: `job_` + ULID, so that ids sort by time.
package struct JobID: TypedID {
    package static let prefix = "job_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

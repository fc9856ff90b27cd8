import JSON
import Postgres
import Tenancy

/// A recording on its way to a transcript, as its customer sees it.
package struct Job: Sendable, Equatable {
    package let id: JobID
    package let tenant: TenantID
    /// Who submitted it; nil if that is unknown, because it was submitted before keys were recorded.
    package let submitter: Submitter?
    package let status: JobStatus
    package let createdAt: Timestamp
    package let startedAt: Timestamp?
    package let completedAt: Timestamp?
    /// The share of the audio that is done, 0 to 1; 1 only when completed.
    package let progress: Double
    /// The duration that the probe estimated; nil if it could not.
    package let estimatedMilliseconds: Int64?
    /// The duration of the decoded recording; nil until it is known.
    package let durationMilliseconds: Int64?
    package let language: String?
    package let diarize: Bool
    package let source: JobSource
    package let sourceDeletedAt: Timestamp?
    package let transcriptDeletedAt: Timestamp?
    /// How long its transcript is kept, if that was asked for.
    package let transcriptRetentionDays: Int?
    /// When it is cancelled if it is not finished; nil: never.
    package let deadline: Timestamp?
    package let engine: String?
    /// The customer's JSON object, as text.
    package let metadata: String
    /// The URL that gets this job's webhook; nil: the account's default endpoint, if there is one.
    package let webhookURL: String?
    package let failure: JobFailure?
    /// Whether a test key submitted it, so that it is simulated.
    package let isTest: Bool
}

/// Where a job's recording came from.
package enum JobSource: Sendable, Equatable {
    /// An uploaded file; its name is only for display.
    case upload(name: String?)
    case url(String)
}

/// What a customer asks for with a job.
package struct JobOptions: Sendable, Equatable {
    /// Of `metadata`, in bytes.
    package static let longestMetadata = 4 << 10

    package var diarize = true
    package var language = LanguageChoice.automatic
    package var speakers = SpeakerCount()
    /// What changes the words.
    package var words = WordOptions()
    /// A JSON object, as text, at most ``longestMetadata`` bytes.
    package var metadata = "{}"
    /// The URL that gets this job's webhook, instead of the account's default endpoint.
    package var webhookURL: String?
    /// How long its transcript is kept, in days; nil: as long as the account's are.
    package var transcriptRetentionDays: Int?
    package static let retentionDays = 1...3650
    /// After how many seconds it is cancelled if it is not finished; nil: never.
    package var deadlineSeconds: Int?
    package static let deadlines = 60...86_400
    /// How the job ends, if a test key submits it; nil: as every test key's job does.
    package var simulatedEnd: SimulatedEnd?

    package init() {}
}

extension Job {
    /// In the order in which `init(row:)` asks for them, which is the fastest one.
    private static let columns: PostgresQuery = """
        status, id, tenant_id, key_id, created_at, started_at, completed_at, samples_total, estimated_ms, samples_processed, samples_to_process,
        language, diarize, source_url, source_name, source_deleted_at, transcript_deleted_at, transcript_retention_days, deadline_at, engine,
        metadata, webhook_url, is_test, error_code, error_reason, error_message
        """

    /// Returns the tenant's job with this id, or nil.
    package static func find(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Job? {
        try transaction.query(named(id, of: tenant)).first.map(Job.init(row:))
    }

    /// Does the same in a transaction of its own, in one round trip.
    package static func find(_ id: JobID, of tenant: TenantID, on pool: PostgresPool) async throws -> Job? {
        try await pool.lookup(named(id, of: tenant), of: tenant).first.map(Job.init(row:))
    }

    private static func named(_ id: JobID, of tenant: TenantID) -> PostgresQuery {
        "SELECT \(columns) FROM jobs WHERE tenant_id = \(tenant) AND id = \(id) AND deleted_at IS NULL"
    }

    /// Returns which of these jobs are finished or gone.
    ///
    /// - Parameter transaction: of the role `verbatim_system`.
    package static func finished(
        among jobs: [(tenant: TenantID, id: JobID)], in transaction: PostgresTransaction
    ) throws -> Set<JobID> {
        let open = try transaction.all(
            """
            SELECT j.id FROM jobs j
            JOIN unnest(\(jobs.map(\.tenant.rawValue))::text[], \(jobs.map(\.id.rawValue))::text[]) w (tenant_id, id) USING (tenant_id, id)
            WHERE j.status IN ('queued', 'processing')
            """, as: JobID.self)
        return Set(jobs.map(\.id)).subtracting(open)
    }

    /// Locks the job's row. Everybody who ends the job or one of its tasks locks this row first.
    static func lock(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT FROM jobs WHERE tenant_id = \(tenant) AND id = \(id) FOR NO KEY UPDATE")
    }

    /// Returns the job's status; nil if there is no such job.
    static func status(_ id: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> JobStatus? {
        try transaction.first(
            "SELECT status FROM jobs WHERE tenant_id = \(tenant) AND id = \(id)", as: JobStatus.self)
    }

    /// A regular expression for a JSON text whose other characters than ASCII are escaped, whether those are capital or small letters.
    private static func asciiPattern(of text: String) -> String {
        text.map { character in
            if character.isASCII { return literal(String(character).lowercased()) }
            let both = Set([character.lowercased(), character.uppercased()].map(asciiEscaped)).sorted()
            return "(?:" + both.map(literal).joined(separator: "|") + ")"
        }.joined()
    }

    /// The text as JSON in ASCII has it, in small letters.
    private static func asciiEscaped(_ text: String) -> String {
        text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return unit < 0x80
                ? String(UnicodeScalar(UInt8(unit))).lowercased()
                : "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    /// A regular expression for this text. Nothing in it has a meaning.
    private static func literal(_ text: String) -> String {
        text.map { $0.isLetter || $0.isNumber ? String($0) : "\\\($0)" }.joined()
    }

    /// Returns the tenant's jobs that match `filter`, newest first: one more than `limit` if there is a further page.
    static func list(of tenant: TenantID, _ filter: JobFilter, limit: Int, on pool: PostgresPool) async throws -> [Job]
    {
        // The best index depends on the values: few jobs change in a minute, all of them in a year.
        let settings = [(name: "plan_cache_mode", value: "force_custom_plan")]
        let query = listed(of: tenant, filter, limit: limit)
        // A search reads up to 10,000 jobs.
        let rows =
            filter.text == nil
            ? try await pool.lookup(query, of: tenant, settings: settings)
            : try await pool.query(query, of: tenant, settings: settings)
        return try rows.map(Job.init(row:))
    }

    private static func listed(of tenant: TenantID, _ filter: JobFilter, limit: Int) -> PostgresQuery {
        guard let text = filter.text else {
            return """
                SELECT \(columns) FROM jobs WHERE tenant_id = \(tenant) AND deleted_at IS NULL \(asked(by: filter))
                ORDER BY id DESC LIMIT \(limit + 1)
                """
        }
        // Metadata is searched as it is stored: as JSON, in which some characters are escaped, and many programs escape all but ASCII.
        let escaped = String(JSONWriter.quoted(text).dropFirst().dropLast())
        let ascii = text.utf8.allSatisfy { $0 < 0x80 } ? nil : Self.asciiPattern(of: escaped)
        return """
            SELECT \(columns) FROM jobs WHERE tenant_id = \(tenant) AND id IN (
                SELECT id FROM (
                    SELECT id, coalesce(source_name, source_url) AS name, metadata FROM jobs
                    WHERE tenant_id = \(tenant) AND deleted_at IS NULL \(asked(by: filter))
                    ORDER BY id DESC LIMIT \(JobPage.mostSearched)) searched
                WHERE strpos(lower(name), lower(\(text))) > 0 OR strpos(lower(metadata::text), lower(\(escaped))) > 0
                    OR metadata::text LIKE '%\\\\u%' AND lower(metadata::text) ~ \(ascii) OR id = \(text)
                ORDER BY id DESC LIMIT \(limit + 1))
            ORDER BY id DESC
            """
    }

    /// Returns the last job that a search looks at; nil if it looks at all there are.
    static func last(ofSearch filter: JobFilter, of tenant: TenantID, on pool: PostgresPool) async throws -> JobID? {
        let last: PostgresQuery = """
            SELECT id FROM jobs WHERE tenant_id = \(tenant) AND deleted_at IS NULL \(asked(by: filter))
            ORDER BY id DESC OFFSET \(JobPage.mostSearched - 1) LIMIT 1
            """
        return try await pool.query(last, of: tenant).first?.decode(JobID.self)
    }

    /// Returns only the conditions that the filter has, because no index can be used for `IS NULL OR`.
    private static func asked(by filter: JobFilter) -> PostgresQuery {
        let conditions: [PostgresQuery?] = [
            filter.status.map { "AND status = \($0)" }, filter.since.map { "AND status_changed_at >= \($0)" },
            filter.until.map { "AND status_changed_at < \($0)" }, filter.before.map { "AND id < \($0)" },
            filter.isTest ? "AND is_test" : "AND NOT is_test",
        ]
        return PostgresQuery(joining: conditions.compactMap { $0 }, separator: " ")
    }

    private init(row: PostgresRow) throws {
        let status = try row.value("status", JobStatus.self)
        self.status = status
        id = try row.value("id", JobID.self)
        tenant = try row.value("tenant_id", TenantID.self)
        submitter = try row.value("key_id", Submitter?.self)
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
        transcriptDeletedAt = try row.value("transcript_deleted_at", Timestamp?.self)
        transcriptRetentionDays = try row.value("transcript_retention_days", Int?.self)
        deadline = try row.value("deadline_at", Timestamp?.self)
        engine = try row.value("engine", String?.self)
        metadata = try row.value("metadata", JSONB.self).text
        webhookURL = try row.value("webhook_url", String?.self)
        isTest = try row.value("is_test", Bool.self)
        failure = try row.value("error_code", JobFailure.Code?.self).map {
            JobFailure(
                code: $0, reason: try row.value("error_reason", String?.self),
                message: try row.value("error_message", String.self))
        }
    }

    private static func progress(_ status: JobStatus, done: Int64, work: Int64?) -> Double {
        if status == .completed { return 1 }
        guard let work, work > 0 else { return 0 }
        // The audio is done shortly before the transcript is written.
        return min(0.99, Double(done * 1000 / work) / 1000)
    }
}

/// The status of a job: `queued → processing → completed | failed | cancelled`, never backward.
package enum JobStatus: String, Sendable, CaseIterable, PostgresCodable {
    case queued, processing, completed, failed, cancelled

    package var isFinished: Bool {
        switch self {
        case .queued, .processing: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// The id of a job, for its customer and in every table: `job_` and a ULID, so that ids sort by time.
package struct JobID: TypedID {
    package static let prefix = "job_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

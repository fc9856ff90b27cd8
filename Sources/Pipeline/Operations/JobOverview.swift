import Postgres
import Tenancy

/// A job as operators see it: its state, but not its content. No file name, no metadata, and only the host of a URL.
package struct JobOverview: Sendable {
    package let id: JobID
    package let tenant: TenantID
    /// Who submitted it; nil if that is unknown.
    package let submitter: Submitter?
    package let status: JobStatus
    package let createdAt: Timestamp
    package let startedAt: Timestamp?
    package let completedAt: Timestamp?
    /// The share of the audio that is done, 0 to 1.
    package let progress: Double
    /// The duration of the decoded recording; nil until it is known.
    package let durationMilliseconds: Int64?
    package let language: String?
    package let diarize: Bool
    package let engine: String?
    package let source: Source
    package let failure: Failure?
    /// The seconds that it has reserved in its tenant's month.
    package let reservedSeconds: Int64?
    /// The seconds of its usage record.
    package let usedSeconds: Int64?

    package struct Source: Sendable {
        /// `upload` or `url`.
        package let type: String
        package let host: String?
        package let bytes: Int64?
        package let deletedAt: Timestamp?
        /// Whether it is still in storage.
        package let isKept: Bool
    }

    package struct Failure: Sendable {
        package let code: String
        package let reason: String?
    }
}

/// A task of a job as operators see it.
package struct TaskOverview: Sendable {
    package let id: Int64
    package let kind: TaskKind
    /// The number of the chunk or section.
    package let part: Int?
    package let status: String
    package let attempt: Int
    /// The task does not run before this time.
    package let runAfter: Timestamp
    package let worker: String?
    package let leaseUntil: Timestamp?
    /// The name of the last attempt's error, never its text.
    package let lastError: String?
}

// For operators only: across tenants, as the owner of the tables.

extension JobOverview {
    /// Only the host of a URL leaves the database.
    private static let columns: PostgresQuery = #"""
        j.id, j.tenant_id, j.key_id, j.status, j.created_at, j.started_at, j.completed_at, j.samples_total, j.samples_processed,
        j.samples_to_process, j.language, j.diarize, j.engine, j.source_type,
        substring(j.source_url from '^[A-Za-z]+://(?:[^/?#]*@)?(\[[^]]*\]|[^/?#:]*)') AS source_host,
        j.source_bytes, j.source_deleted_at, j.source_key IS NOT NULL AS source_kept, j.error_code, j.error_reason,
        (SELECT seconds FROM reservations r WHERE r.tenant_id = j.tenant_id AND r.job_id = j.id) AS reserved_seconds,
        (SELECT seconds FROM usage u WHERE u.tenant_id = j.tenant_id AND u.job_id = j.id) AS used_seconds
        """#

    /// Returns jobs, newest first.
    package static func newest(
        of tenant: TenantID?, status: JobStatus?, limit: Int, in transaction: PostgresTransaction
    ) throws -> [JobOverview] {
        let jobs: PostgresQuery
        if let tenant {
            let asked: PostgresQuery = status.map { "AND status = \($0)" } ?? ""
            jobs = "(SELECT * FROM jobs WHERE tenant_id = \(tenant) \(asked) ORDER BY id DESC LIMIT \(limit)) j"
        } else {
            // Takes the newest jobs of each status, because an index has them in that order.
            let statuses = (status.map { [$0] } ?? JobStatus.allCases).map(\.rawValue)
            jobs = """
                unnest(\(statuses)::text[]) s (name) CROSS JOIN LATERAL (
                    SELECT * FROM jobs WHERE status = s.name ORDER BY id DESC LIMIT \(limit)) j
                """
        }
        return try transaction.query("SELECT \(columns) FROM \(jobs) ORDER BY j.id DESC LIMIT \(limit)")
            .map(JobOverview.init(row:))
    }

    /// Returns the job with this id, of any tenant, or nil.
    package static func find(_ id: JobID, in transaction: PostgresTransaction) throws -> JobOverview? {
        try transaction.query("SELECT \(columns) FROM jobs j WHERE j.id = \(id)").first.map(JobOverview.init(row:))
    }

    /// Returns how many of the tenant's jobs are queued and running.
    package static func open(
        of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> (queued: Int, processing: Int) {
        try transaction.first(
            """
            SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'processing')
            FROM jobs WHERE tenant_id = \(tenant) AND status IN ('queued', 'processing')
            """, as: Int.self, Int.self
        ).map { (queued: $0.0, processing: $0.1) } ?? (0, 0)
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
        let (done, work) = (
            try row.value("samples_processed", Int64.self), try row.value("samples_to_process", Int64?.self) ?? 0
        )
        progress = status == .completed ? 1 : work > 0 ? min(0.99, Double(done * 1000 / work) / 1000) : 0
        durationMilliseconds = try row.value("samples_total", Int64?.self).map(Samples.milliseconds)
        language = try row.value("language", String?.self)
        diarize = try row.value("diarize", Bool.self)
        engine = try row.value("engine", String?.self)
        source = Source(
            type: try row.value("source_type", String.self), host: try row.value("source_host", String?.self),
            bytes: try row.value("source_bytes", Int64?.self),
            deletedAt: try row.value("source_deleted_at", Timestamp?.self),
            isKept: try row.value("source_kept", Bool.self))
        failure = try row.value("error_code", String?.self).map {
            Failure(code: $0, reason: try row.value("error_reason", String?.self))
        }
        reservedSeconds = try row.value("reserved_seconds", Int64?.self)
        usedSeconds = try row.value("used_seconds", Int64?.self)
    }
}

extension TaskOverview {
    /// Returns the job's tasks, in the order in which they were created.
    package static func all(of job: JobOverview, in transaction: PostgresTransaction) throws -> [TaskOverview] {
        try transaction.query(
            """
            SELECT id, kind, part, status, attempt, run_after, worker, lease_until, last_error
            FROM tasks WHERE tenant_id = \(job.tenant) AND job_id = \(job.id) ORDER BY id
            """
        ).map { row in
            let (id, kind, part, status, attempt, runAfter, worker, leaseUntil, lastError) = try row.decode(
                Int64.self, TaskKind.self, Int?.self, String.self, Int.self, Timestamp.self, String?.self,
                Timestamp?.self, String?.self)
            return TaskOverview(
                id: id, kind: kind, part: part, status: status, attempt: attempt, runAfter: runAfter, worker: worker,
                leaseUntil: leaseUntil, lastError: lastError)
        }
    }
}

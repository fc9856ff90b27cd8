import Pipeline
import Postgres
import Tenancy

/// A job as `--json` shows it.
struct JobRow: Encodable {
    let job_id, tenant_id, status, created_at: String
    let started_at, completed_at: String?
    let progress: Double
    let duration_seconds: Double?
    let language, engine, error_code, error_reason: String?
    let diarize: Bool
    let source_type: String
    let source_host, source_deleted_at, key_id: String?
    let source_bytes: Int64?
    let source_kept: Bool
    let reserved_seconds, used_seconds: Int64?

    init(_ job: JobOverview) {
        job_id = job.id.rawValue
        tenant_id = job.tenant.rawValue
        status = job.status.rawValue
        created_at = job.createdAt.rfc3339
        started_at = job.startedAt?.rfc3339
        completed_at = job.completedAt?.rfc3339
        progress = job.progress
        duration_seconds = job.durationMilliseconds.map { Double($0) / 1000 }
        language = job.language
        engine = job.engine
        error_code = job.failure?.code
        error_reason = job.failure?.reason
        diarize = job.diarize
        source_type = job.source.type
        source_host = job.source.host
        source_deleted_at = job.source.deletedAt?.rfc3339
        source_bytes = job.source.bytes
        key_id = job.submitter?.rawValue
        source_kept = job.source.isKept
        reserved_seconds = job.reservedSeconds
        used_seconds = job.usedSeconds
    }

    /// The code, with its reason where it has one.
    var error: String? { error_code.map { code in error_reason.map { "\(code)/\($0)" } ?? code } }

    var progressText: String { "\(Int(progress * 100))%" }
    var durationText: String? { duration_seconds.map { "\(Int($0.rounded(.up))) s" } }
}

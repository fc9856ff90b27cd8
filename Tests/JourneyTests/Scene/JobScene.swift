import Pipeline
import Postgres
import Tenancy
import TestSupport

/// Writes jobs into the database, for commands that only read them.
enum JobScene {
    /// - Parameter url: the source's URL; nil: the source was uploaded.
    @discardableResult
    static func insert(
        _ status: JobStatus, of tenant: TenantID, into tenants: Tenants, id: JobID = JobID(), url: String? = nil,
        error: (code: String, reason: String?)? = nil, age: Duration = .zero
    ) async throws -> JobID {
        let error = status == .failed ? error ?? ("transient_error", nil) : nil
        try await tenants.owner.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, status, created_at, started_at, completed_at, diarize, language_requested, metadata,
                max_duration_ms, source_type, source_name, source_url, source_bytes, source_key, samples_total,
                samples_processed, samples_to_process, error_code, error_reason, error_message)
            VALUES (
                \(tenant), \(id), \(status), now() - make_interval(secs => \(age / .seconds(1))),
                CASE WHEN \(status)::text <> 'queued' THEN now() END, CASE WHEN \(status.isFinished) THEN now() END, true, 'auto',
                '{"patient": "Meier"}', 3600000, \(url == nil ? "upload" : "url"),
                CASE WHEN \(url)::text IS NULL THEN 'meier.wav' END, \(url), 1000, 'tenants/x', 1600000, 400000, 1600000,
                \(error?.code), \(error?.reason), CASE WHEN \(error?.code)::text IS NOT NULL THEN 'A sentence.' END)
            """)
        return id
    }

    /// Adds a task to a job. `lease`: in so many seconds it ends; nil: no worker has the task.
    static func addTask(
        _ kind: TaskKind, part: Int? = nil, to job: JobID, of tenant: TenantID, in tenants: Tenants,
        worker: String? = nil,
        lease: Double? = nil, delay: Double = 0, attempt: Int = 0, lastError: String? = nil
    ) async throws {
        try await tenants.owner.execute(
            """
            INSERT INTO tasks (
                tenant_id, job_id, kind, part, status, priority, attempt, run_after, worker, lease_until, last_error)
            VALUES (
                \(tenant), \(job), \(kind), \(part), \(lease == nil ? "ready" : "running"), 1, \(attempt),
                now() + make_interval(secs => \(delay)), \(worker),
                CASE WHEN \(lease)::float8 IS NOT NULL THEN now() + make_interval(secs => \(lease)) END, \(lastError))
            """)
    }
}

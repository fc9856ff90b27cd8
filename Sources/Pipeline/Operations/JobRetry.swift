import Postgres
import Tenancy

/// A failed job whose source is still there, to be submitted once more: as a new job, admitted anew.
package struct JobRetry: Sendable {
    private let job: JobID
    package let tenant: TenantID
    private let source: StorageKey
    private let options: JobOptions
    private let fileName: String?
    private let bytes: Int64
    private let estimatedMilliseconds: Int64?
    private let channels: Int?

    /// Nil when there is no such job, or it did not fail, or its source is gone. For the owner, who sees every tenant.
    package static func find(_ job: JobID, in transaction: PostgresTransaction) throws -> JobRetry? {
        try transaction.query(
            """
            SELECT id, tenant_id, source_key, diarize, language_requested, speakers_expected, metadata, webhook_url,
                source_name,
                coalesce(source_bytes, 0) AS source_bytes, estimated_ms, source_channels
            FROM jobs
            WHERE id = \(job) AND status = 'failed' AND source_type = 'upload' AND source_key IS NOT NULL
                AND source_kept_until > now() AND deleted_at IS NULL
            """
        ).first.map(JobRetry.init(row:))
    }

    private init(row: PostgresRow) throws {
        job = try row.value("id", JobID.self)
        tenant = try row.value("tenant_id", TenantID.self)
        source = StorageKey(path: try row.value("source_key", String.self))
        var options = JobOptions()
        options.diarize = try row.value("diarize", Bool.self)
        options.language = LanguageChoice(try row.value("language_requested", String.self)) ?? .automatic
        options.speakersExpected = try row.value("speakers_expected", Int?.self)
        options.metadata = try row.value("metadata", JSONB.self).text
        options.webhookURL = try row.value("webhook_url", String?.self)
        self.options = options
        fileName = try row.value("source_name", String?.self)
        bytes = try row.value("source_bytes", Int64.self)
        estimatedMilliseconds = try row.value("estimated_ms", Int64?.self)
        channels = try row.value("source_channels", Int?.self)
    }

    /// The job as which it was submitted once more already.
    package struct Done: Error {
        package let job: JobID
    }

    /// Notes, beside what the caller writes into the audit log, that the job is submitted once more as `new`. Throws ``Done`` when it was
    /// before. For the owner.
    package func begin(as new: JobID, in transaction: PostgresTransaction) throws {
        let before = try transaction.first(
            """
            SELECT n.id FROM jobs j JOIN jobs n ON n.tenant_id = j.tenant_id AND n.id = j.retried_as
            WHERE j.tenant_id = \(tenant) AND j.id = \(job) FOR NO KEY UPDATE OF j
            """, as: JobID.self)
        if let before { throw Done(job: before) }
        try transaction.execute(
            "UPDATE jobs SET retried_as = \(new) WHERE tenant_id = \(tenant) AND id = \(job)")
    }

    /// Queues the job `id`. When it throws, nothing was queued, except with `AdmissionError.outcomeUnknown`.
    package func submit(
        as id: JobID, acceptOverage: Bool, to admission: Admission, storage: any Storage
    ) async throws -> Job {
        let key = StorageKey.source(of: id, tenant: tenant)
        do {
            try await storage.copy(source, to: key)
            return try await admission.admit(
                Submission(
                    id: id, tenant: tenant, options: options, acceptOverage: acceptOverage, fileName: fileName,
                    bytes: bytes, estimatedMilliseconds: estimatedMilliseconds, channels: channels, sourceKey: key))
        } catch AdmissionError.outcomeUnknown(let error) {
            throw AdmissionError.outcomeUnknown(error)
        } catch {
            try? await storage.remove(job: id, of: tenant)
            throw error
        }
    }
}

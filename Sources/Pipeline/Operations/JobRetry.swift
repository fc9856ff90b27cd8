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

    /// Holds the job, beside what the caller writes into the audit log, to submit it once more as `new`: one caller, whoever else asks.
    ///
    /// Throws ``Done``, ``UnderWay``, or ``Gone``. For the owner.
    package func begin(as new: JobID, in transaction: PostgresTransaction) throws -> RetryClaim {
        let claim = RetryClaim(job: job, tenant: tenant, new: new)
        try claim.take(in: transaction)
        return claim
    }

    /// The job as which it was submitted once more already.
    package struct Done: Error, Equatable {
        package let job: JobID

        package init(job: JobID) { self.job = job }
    }

    /// Somebody else is just submitting it once more, as that job, or died over it: then it is free at `until`.
    package struct UnderWay: Error {
        package let job: JobID
        package let until: Timestamp
    }

    /// The customer deleted the job meanwhile.
    package struct Gone: Error {}

    /// Queues the claim's new job. When it throws, nothing was queued, and the job may be tried again at once; except with
    /// `AdmissionError.outcomeUnknown`: then the claim's lease must end first.
    ///
    /// - Parameter pool: the owner's.
    package func submit(
        under claim: RetryClaim, acceptOverage: Bool, to admission: Admission, storage: FileStorage,
        on pool: PostgresPool
    ) async throws -> Job {
        try await claim.holding(on: pool) {
            let key = StorageKey.source(of: claim.new, tenant: tenant)
            do {
                try await storage.copy(source, to: key)
                return try await admission.admit(
                    Submission(
                        id: claim.new, tenant: tenant, options: options, acceptOverage: acceptOverage,
                        fileName: fileName, bytes: bytes, estimatedMilliseconds: estimatedMilliseconds,
                        channels: channels, sourceKey: key),
                    retrying: claim)
            } catch AdmissionError.outcomeUnknown(let error) {
                throw AdmissionError.outcomeUnknown(error)
            } catch {
                try? await storage.remove(job: claim.new, of: tenant)
                throw error
            }
        }
    }
}

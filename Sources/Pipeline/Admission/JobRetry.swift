import Postgres
import Tenancy

/// A failed job that an operator submits again, as a new job. Its recording is the source if that is kept, or is fetched again from the job's
/// URL.
package struct JobRetry: Sendable {
    private let job: JobID
    package let tenant: TenantID
    /// Who submitted the failed job. Its usage is that of the retry, too.
    private let submitter: Submitter?
    private let recording: Recording
    private let options: JobOptions

    private enum Recording {
        case kept(SubmittedFile, from: SourceURL?)
        case elsewhere(SourceURL)
    }

    /// Why a job cannot be retried.
    package enum Refusal: Error, Equatable {
        case noJob
        case notFailed(JobStatus)
        /// The customer deleted the job, and with it the URL of its recording.
        case deleted
        /// The job was an upload, and its source is no longer kept. Or it never was kept, because the recording itself was invalid.
        case sourceGone
    }

    /// Finds a failed job of any tenant. Throws ``Refusal``. Operators only.
    package static func find(_ job: JobID, in transaction: PostgresTransaction) throws -> JobRetry {
        let found = try transaction.query(
            """
            SELECT id, tenant_id, key_id, status, deleted_at, source_url, source_key,
                source_key IS NOT NULL AND coalesce(source_kept_until > now(), false) AS is_kept,
                diarize, language_requested, speakers_expected, speakers_min, speakers_max, metadata, webhook_url, transcript_retention_days, source_name,
                coalesce(source_bytes, 0) AS source_bytes, estimated_ms, source_channels
            FROM jobs WHERE id = \(job)
            """
        ).first
        guard let row = found else { throw Refusal.noJob }
        guard try row.value("deleted_at", Timestamp?.self) == nil else { throw Refusal.deleted }
        let status = try row.value("status", JobStatus.self)
        guard status == .failed else { throw Refusal.notFailed(status) }
        return try JobRetry(
            row: row,
            words: WordOptions.find(job, of: row.value("tenant_id", TenantID.self), in: transaction))
    }

    private init(row: PostgresRow, words: WordOptions) throws {
        job = try row.value("id", JobID.self)
        tenant = try row.value("tenant_id", TenantID.self)
        submitter = try row.value("key_id", Submitter?.self)
        let url = try row.value("source_url", String?.self).map(SourceURL.init(stored:))
        if try row.value("is_kept", Bool.self) {
            recording = .kept(
                SubmittedFile(
                    name: try row.value("source_name", String?.self), bytes: try row.value("source_bytes", Int64.self),
                    estimatedMilliseconds: try row.value("estimated_ms", Int64?.self),
                    channels: try row.value("source_channels", Int?.self),
                    key: StorageKey(path: try row.value("source_key", String.self))), from: url)
        } else if let url {
            recording = .elsewhere(url)
        } else {
            throw Refusal.sourceGone
        }
        var options = JobOptions()
        options.diarize = try row.value("diarize", Bool.self)
        options.language = LanguageChoice(try row.value("language_requested", String.self)) ?? .automatic
        options.speakers = SpeakerCount(
            expected: try row.value("speakers_expected", Int?.self), least: try row.value("speakers_min", Int?.self),
            most: try row.value("speakers_max", Int?.self))
        options.metadata = try row.value("metadata", JSONB.self).text
        options.transcriptRetentionDays = try row.value("transcript_retention_days", Int?.self)
        options.webhookURL = try row.value("webhook_url", String?.self)
        options.words = words
        self.options = options
    }

    /// Whether the recording is in storage. Otherwise it is fetched again.
    package var isKept: Bool {
        switch recording {
        case .kept: true
        case .elsewhere: false
        }
    }

    /// Claims the job, to submit it again as `new`. Only one caller at a time gets the claim. The caller also writes the audit log in this
    /// transaction. Operators only.
    ///
    /// - Throws: ``Done``, ``UnderWay`` or ``Gone``.
    package func begin(as new: JobID, in transaction: PostgresTransaction) throws -> RetryClaim {
        let claim = RetryClaim(job: job, tenant: tenant, new: new)
        try claim.take(in: transaction)
        return claim
    }

    /// It was already submitted again, as this job.
    package struct Done: Error, Equatable {
        package let job: JobID

        package init(job: JobID) { self.job = job }
    }

    /// Somebody else is submitting it again, as this job. If they have crashed, the claim is free at `until`.
    package struct UnderWay: Error {
        package let job: JobID
        package let until: Timestamp
    }

    /// The customer has deleted the job meanwhile.
    package struct Gone: Error {}

    /// Queues the claim's new job. If it throws, nothing was queued, and the job may be retried at once. Exception: after
    /// `AdmissionError.outcomeUnknown` the claim's lease must end first.
    ///
    /// - Parameters:
    ///   - storage: needed if the recording is kept.
    ///   - pool: connects as the owner of the tables.
    package func submit(
        under claim: RetryClaim, acceptOverage: Bool, to admission: Admission, storage: (any Storage)?,
        on pool: PostgresPool
    ) async throws -> Job {
        try await claim.holding(on: pool) {
            do {
                let source = try await source(of: claim.new, in: storage)
                return try await admission.admit(
                    Submission(
                        id: claim.new, tenant: tenant, submitter: submitter, options: options,
                        acceptOverage: acceptOverage,
                        source: source),
                    retrying: claim)
            } catch AdmissionError.outcomeUnknown(let error) {
                throw AdmissionError.outcomeUnknown(error)
            } catch {
                try? await storage?.remove(job: claim.new, of: tenant)
                throw error
            }
        }
    }

    /// Returns the new job's source. A kept recording is copied, because the failed job's copy is deleted when its time is over.
    private func source(of new: JobID, in storage: (any Storage)?) async throws -> Submission.Source {
        switch recording {
        case .elsewhere(let url): return .url(url)
        case .kept(let file, let url):
            guard let storage else { throw StorageNeeded() }
            let key = StorageKey.source(of: new, tenant: tenant)
            try await storage.copy(file.key, to: key)
            let copy = SubmittedFile(
                name: file.name, bytes: file.bytes, estimatedMilliseconds: file.estimatedMilliseconds,
                channels: file.channels, key: key)
            return url.map { .fetched($0, copy) } ?? .file(copy)
        }
    }

    /// The recording is kept, but the caller passed no storage.
    private struct StorageNeeded: Error {}
}

import Postgres
import Tenancy

/// A failed job that is to be submitted once more: as a new job, admitted anew. Its recording is the source that is kept, or is fetched
/// from the job's URL again.
package struct JobRetry: Sendable {
    private let job: JobID
    package let tenant: TenantID
    private let recording: Recording
    private let options: JobOptions

    private enum Recording {
        case kept(SubmittedFile, from: SourceURL?)
        case elsewhere(SourceURL)
    }

    /// Why a job cannot be tried again.
    package enum Refusal: Error, Equatable {
        case noJob
        case notFailed(JobStatus)
        /// The customer deleted it, and with it where its recording came from.
        case deleted
        /// It was uploaded, and the source is kept no longer, or never was: the fault lay in the recording.
        case sourceGone
    }

    /// Throws ``Refusal``. For the owner, who sees every tenant.
    package static func find(_ job: JobID, in transaction: PostgresTransaction) throws -> JobRetry {
        let found = try transaction.query(
            """
            SELECT id, tenant_id, status, deleted_at, source_url, source_key,
                source_key IS NOT NULL AND coalesce(source_kept_until > now(), false) AS is_kept,
                diarize, language_requested, speakers_expected, metadata, webhook_url, source_name,
                coalesce(source_bytes, 0) AS source_bytes, estimated_ms, source_channels
            FROM jobs WHERE id = \(job)
            """
        ).first
        guard let row = found else { throw Refusal.noJob }
        guard try row.value("deleted_at", Timestamp?.self) == nil else { throw Refusal.deleted }
        let status = try row.value("status", JobStatus.self)
        guard status == .failed else { throw Refusal.notFailed(status) }
        return try JobRetry(row: row)
    }

    private init(row: PostgresRow) throws {
        job = try row.value("id", JobID.self)
        tenant = try row.value("tenant_id", TenantID.self)
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
        options.speakersExpected = try row.value("speakers_expected", Int?.self)
        options.metadata = try row.value("metadata", JSONB.self).text
        options.webhookURL = try row.value("webhook_url", String?.self)
        self.options = options
    }

    /// Whether the recording is in storage; else it is fetched again.
    package var isKept: Bool {
        switch recording {
        case .kept: true
        case .elsewhere: false
        }
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
    /// - Parameters:
    ///   - storage: needed where the recording is kept.
    ///   - pool: the owner's.
    package func submit(
        under claim: RetryClaim, acceptOverage: Bool, to admission: Admission, storage: (any Storage)?,
        on pool: PostgresPool
    ) async throws -> Job {
        try await claim.holding(on: pool) {
            do {
                let source = try await source(of: claim.new, in: storage)
                return try await admission.admit(
                    Submission(
                        id: claim.new, tenant: tenant, options: options, acceptOverage: acceptOverage, source: source),
                    retrying: claim)
            } catch AdmissionError.outcomeUnknown(let error) {
                throw AdmissionError.outcomeUnknown(error)
            } catch {
                try? await storage?.remove(job: claim.new, of: tenant)
                throw error
            }
        }
    }

    /// The new job has a copy of its own: the failed one's goes at its time.
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

    /// The recording is kept, and the caller said not where.
    private struct StorageNeeded: Error {}
}

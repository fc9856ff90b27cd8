import Billing
import Postgres
import Tenancy

/// A request for a job, with a recording that was received, probed and stored, or that will be fetched from a URL.
package struct Submission: Sendable {
    package let id: JobID
    package let tenant: TenantID
    /// Who submits it; nil if that is unknown, because a job from before keys were recorded is retried.
    package let submitter: Submitter?
    package let options: JobOptions
    /// Whether the customer buys overage, if the account may.
    package let acceptOverage: Bool
    package let source: Source
    /// The access token that submits it, if that may submit one job only.
    package var singleUse: String?
    /// The trace of the request; a new one outside of a request.
    package var trace = TraceContext.current ?? TraceContext()

    package enum Source: Sendable {
        case file(SubmittedFile)
        /// A URL. The recording's length and size are unknown until it was fetched.
        case url(SourceURL)
        /// A URL whose recording was fetched before.
        case fetched(SourceURL, SubmittedFile)
    }

    package init(
        id: JobID, tenant: TenantID, submitter: Submitter?, options: JobOptions, acceptOverage: Bool = false,
        source: Source
    ) {
        self.id = id
        self.tenant = tenant
        self.submitter = submitter
        self.options = options
        self.acceptOverage = acceptOverage
        self.source = source
    }

    /// A submission of a file.
    package init(
        id: JobID, tenant: TenantID, submitter: Submitter?, options: JobOptions, acceptOverage: Bool = false,
        fileName: String?,
        bytes: Int64, estimatedMilliseconds: Int64?, channels: Int?, sourceKey: StorageKey
    ) {
        self.init(
            id: id, tenant: tenant, submitter: submitter, options: options, acceptOverage: acceptOverage,
            source: .file(
                SubmittedFile(
                    name: fileName, bytes: bytes, estimatedMilliseconds: estimatedMilliseconds, channels: channels,
                    key: sourceKey)))
    }

    /// Whole seconds, rounded up; nil if the length is unknown.
    var estimatedSeconds: Int64? { file?.estimatedMilliseconds.map { ($0 + 999) / 1000 } }

    private var file: SubmittedFile? {
        switch source {
        case .file(let file), .fetched(_, let file): file
        case .url: nil
        }
    }

    var url: SourceURL? {
        switch source {
        case .file: nil
        case .url(let url), .fetched(let url, _): url
        }
    }
}

/// A recording that is in storage.
package struct SubmittedFile: Sendable {
    package let name: String?
    package let bytes: Int64
    /// The length that the probe estimated; nil if it could not.
    package let estimatedMilliseconds: Int64?
    /// The channels that the probe found.
    package let channels: Int?
    package let key: StorageKey

    package init(name: String?, bytes: Int64, estimatedMilliseconds: Int64?, channels: Int?, key: StorageKey) {
        self.name = name
        self.bytes = bytes
        self.estimatedMilliseconds = estimatedMilliseconds
        self.channels = channels
        self.key = key
    }
}

extension Submission {
    /// Queues the job with the limits that its tenant has now.
    func insert(_ effectiveLimits: EffectiveLimits, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try JobLifecycle.queue(
            id, of: tenant, by: submitter, options, maxMilliseconds: effectiveLimits.maxDurationSeconds * 1000,
            url: url?.text,
            name: file?.name, bytes: file?.bytes, estimatedMilliseconds: file?.estimatedMilliseconds,
            channels: file?.channels, path: file?.key.path, trace: trace, at: now, in: transaction)
        try options.words.insert(for: id, of: tenant, in: transaction)
        let task =
            if let file {
                NewTask(
                    kind: .prepare, job: id, of: tenant, isLong: Preparations.isLong(file.estimatedMilliseconds))
            } else {
                NewTask(kind: .fetch, job: id, of: tenant)
            }
        try task.insert(priority: effectiveLimits.queuePriority, in: transaction)
    }

    /// Queues the job of a test key. Nothing is reserved or kept.
    func insertSimulated(_ end: SimulatedEnd, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try JobLifecycle.queueSimulated(
            id, of: tenant, by: submitter, options, end, url: url?.text, name: file?.name, bytes: file?.bytes,
            trace: trace, at: now, in: transaction)
        try options.words.insert(for: id, of: tenant, in: transaction)
    }

    /// Throws ``AdmissionError/accountDeleted``.
    ///
    /// Called after the job is inserted, which locks the tenant's row. So a deletion of the account is either seen here, or comes later and
    /// finds the job.
    func requireAccount(in transaction: PostgresTransaction) throws {
        let status = try transaction.first("SELECT status FROM tenants WHERE id = \(tenant)", as: TenantStatus.self)
        guard let status, status != .deleted else { throw AdmissionError.accountDeleted }
    }
}

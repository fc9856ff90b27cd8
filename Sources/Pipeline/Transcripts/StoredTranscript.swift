import Foundation
import Postgres
import Tenancy

/// A transcript as it is stored in the database: JSON, which is decoded outside of the transaction.
package struct StoredTranscript: Sendable {
    /// As it was recognized.
    package let body: [UInt8]
    /// The number of the latest revision. 0: nobody has corrected it, or only the original was read.
    package private(set) var revision = 0
    /// The latest versions of corrected segments, by their place in ``body``.
    private var corrections: [(segment: Int, body: [UInt8])] = []

    package init(body: [UInt8]) { self.body = body }

    /// Returns the transcript of the tenant's job, or nil if there is none.
    package static func find(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            "SELECT body FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)", as: [UInt8].self
        ).map(StoredTranscript.init(body:))
    }

    /// Returns the transcript of the tenant's job with all corrections, or nil if there is none.
    ///
    /// - Parameter transaction: must be repeatable read.
    package static func findLatest(
        _ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Self? {
        guard var stored = try find(job, of: tenant, in: transaction) else { return nil }
        stored.revision = try TranscriptRevision.latest(of: job, tenant, in: transaction)
        guard stored.revision > 0 else { return stored }
        stored.corrections = try transaction.all(
            """
            SELECT DISTINCT ON (segment) segment, body FROM transcript_corrections
            WHERE tenant_id = \(tenant) AND job_id = \(job) ORDER BY segment, revision DESC
            """, as: Int.self, [UInt8].self
        ).map { (segment: $0.0, body: $0.1) }
        return stored
    }

    /// Returns the transcript as it is after its next revision, which has that number. For its tag alone.
    package func numbered(_ revision: Int) -> Self {
        var stored = self
        stored.revision = revision
        return stored
    }

    /// How many bytes are decoded.
    package var bytes: Int { corrections.reduce(body.count) { $0 + $1.body.count } }

    /// Returns the transcript with its corrections.
    package func decoded() throws -> CorrectedTranscript {
        let decoder = JSONDecoder()
        var segments: [Int: Transcript.Segment] = [:]
        for (place, body) in corrections {
            segments[place] = try decoder.decode(Transcript.Segment.self, from: Data(body))
        }
        return CorrectedTranscript(
            original: try decoder.decode(Transcript.self, from: Data(body)), corrections: segments)
    }

    package static func exists(
        _ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool {
        try transaction.first(
            "SELECT true FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)", as: Bool.self) ?? false
    }

    /// Locks the job for a change of what belongs to its transcript. Returns false if there is no transcript.
    static func lock(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Bool {
        try Job.lock(job, of: tenant, in: transaction)
        return try exists(job, of: tenant, in: transaction)
    }

    /// Stores the transcript of a job that has none yet.
    func insert(for job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(tenant), \(job), \(body))")
    }

    /// Deletes the transcript of a job, if it has one.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM transcripts WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}

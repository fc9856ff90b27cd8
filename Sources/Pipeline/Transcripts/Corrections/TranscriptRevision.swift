import Postgres
import Tenancy

/// One time that somebody corrected a transcript. The original is revision 0.
package struct TranscriptRevision: Sendable, Equatable {
    /// The most revisions of a transcript, and the most bytes that they take together.
    package static let (most, mostBytes) = (10_000, Int64(32 << 20))

    package let number: Int
    package let submitter: Submitter?
    package let createdAt: Timestamp
    /// How many segments it changed.
    package let segments: Int

    /// Returns a page of a job's revisions, the first ones first.
    ///
    /// - Parameter last: the revision with which the previous page ended.
    package static func list(
        of job: JobID, _ tenant: TenantID, after last: Int, limit: Int, in transaction: PostgresTransaction
    ) throws -> [TranscriptRevision] {
        try transaction.all(
            """
            SELECT revision, key_id, created_at, segments FROM transcript_revisions
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND revision > \(last) ORDER BY revision LIMIT \(limit)
            """, as: Int.self, Submitter?.self, Timestamp.self, Int.self
        ).map { TranscriptRevision(number: $0.0, submitter: $0.1, createdAt: $0.2, segments: $0.3) }
    }

    /// Somebody else has corrected the transcript meanwhile.
    package struct Stale: Error { package init() {} }
    /// The transcript has ``most`` revisions, or they take ``mostBytes``.
    package struct TooMany: Error {}

    /// Stores the next revision, and returns its number; nil if the transcript was deleted. Throws ``Stale`` or ``TooMany``.
    ///
    /// - Parameters:
    ///   - segments: the stored form of the segments that it changes, by their place in the stored original; at least one.
    ///   - before: the revision to which they belong.
    package static func add(
        _ segments: [Int: [UInt8]], to job: JobID, of tenant: TenantID, after before: Int,
        by submitter: Submitter, in transaction: PostgresTransaction
    ) throws -> Int? {
        guard try StoredTranscript.lock(job, of: tenant, in: transaction) else { return nil }
        let (latest, used) =
            try transaction.first(
                """
                SELECT coalesce(max(revision), 0), coalesce(sum(bytes), 0)::int8 FROM transcript_revisions
                WHERE tenant_id = \(tenant) AND job_id = \(job)
                """, as: Int.self, Int64.self) ?? (0, Int64(0))
        guard latest == before else { throw Stale() }
        let bytes = segments.values.reduce(0) { $0 + Int64($1.count) }
        guard latest < most, used + bytes <= mostBytes else { throw TooMany() }
        let number = latest + 1
        try transaction.execute(
            """
            INSERT INTO transcript_revisions (tenant_id, job_id, revision, key_id, segments, bytes)
            VALUES (\(tenant), \(job), \(number), \(submitter), \(segments.count), \(bytes))
            """)
        for (place, body) in segments.sorted(by: { $0.key < $1.key }) {
            try transaction.execute(
                """
                INSERT INTO transcript_corrections (tenant_id, job_id, segment, revision, body)
                VALUES (\(tenant), \(job), \(place), \(number), \(body))
                """)
        }
        return number
    }

    /// The number of a job's latest revision; 0: nobody has corrected it.
    static func latest(of job: JobID, _ tenant: TenantID, in transaction: PostgresTransaction) throws -> Int {
        try transaction.first(
            """
            SELECT coalesce(max(revision), 0) FROM transcript_revisions
            WHERE tenant_id = \(tenant) AND job_id = \(job)
            """, as: Int.self) ?? 0
    }
}

import Postgres
import Tenancy

/// What the diarization of a section needs to know.
struct SectionWork: Sendable {
    struct Chunk: Sendable {
        let samples: Range<Int64>
        let audioStart: Int64
        let audio: StorageKey
    }

    let chunks: [Chunk]
    let speakers: SpeakerCount

    var samples: Int64 { chunks.reduce(0) { $0 + Int64($1.samples.count) } }

    /// Loads the section. Returns nil if its job no longer needs it.
    static func load(_ section: Int, of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws
        -> Self?
    {
        let expected = try transaction.first(
            """
            SELECT speakers_expected, speakers_min, speakers_max FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            """, as: Int?.self, Int?.self, Int?.self
        ).map { SpeakerCount(expected: $0.0, least: $0.1, most: $0.2) }
        // The customer's number is for the whole source. If there are several sections, not all speakers need speak in each.
        let isWhole = try transaction.first(
            "SELECT count(*) = 1 FROM sections WHERE tenant_id = \(tenant) AND job_id = \(job)", as: Bool.self)
        guard let expected else { return nil }
        let speakers = isWhole == true ? expected : SpeakerCount(most: expected.most ?? expected.expected)
        let chunks = try transaction.query(
            """
            SELECT p.start_sample, p.end_sample, p.audio_start_sample, p.audio_key
            FROM sections s
            JOIN chunks p ON p.tenant_id = s.tenant_id AND p.job_id = s.job_id
                AND p.chunk BETWEEN s.first_chunk AND s.last_chunk
            WHERE s.tenant_id = \(tenant) AND s.job_id = \(job) AND s.section = \(section)
            ORDER BY p.chunk
            """
        ).map { row in
            let (start, end, audioStart, key) = try row.decode(Int64.self, Int64.self, Int64.self, String.self)
            return Chunk(samples: start..<end, audioStart: audioStart, audio: StorageKey(path: key))
        }
        return chunks.isEmpty ? nil : SectionWork(chunks: chunks, speakers: speakers)
    }
}

/// The tracks of a section, as the assembly needs them.
struct DiarizedSection: Sendable {
    /// Where the section begins, in samples of the source.
    let startSample: Int64
    /// JSON of `SpeakerTracks`.
    let result: [UInt8]?

    /// Returns the job's sections in order.
    static func all(of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> [DiarizedSection] {
        try transaction.query(
            """
            SELECT p.start_sample, s.result FROM sections s
            JOIN chunks p ON p.tenant_id = s.tenant_id AND p.job_id = s.job_id AND p.chunk = s.first_chunk
            WHERE s.tenant_id = \(tenant) AND s.job_id = \(job) ORDER BY s.section
            """
        ).map { row in
            let (start, result) = try row.decode(Int64.self, [UInt8]?.self)
            return DiarizedSection(startSample: start, result: result)
        }
    }
}

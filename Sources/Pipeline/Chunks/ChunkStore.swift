import Postgres
import Tenancy

/// The parts of a job's recording, from preparation to the job's end: chunks, which are recognized, and sections, which are diarized.
/// Only this type writes to the tables `chunks` and `sections`.
enum ChunkStore {
    /// Stores the chunks and sections that the preparation made.
    static func insert(
        _ chunks: [Chunk], _ sections: [ClosedRange<Int>], of job: JobID, of tenant: TenantID,
        in transaction: PostgresTransaction
    ) throws {
        let insertions: [PostgresQuery] = chunks.enumerated().map { number, chunk in
            let (samples, audio) = (chunk.cut.samples, chunk.cut.audio)
            return """
                INSERT INTO chunks (
                    tenant_id, job_id, chunk, channel, start_sample, end_sample, audio_start_sample, audio_end_sample,
                    audio_key, speech, language)
                VALUES (
                    \(tenant), \(job), \(number), \(chunk.channel.number), \(samples.lowerBound), \(samples.upperBound),
                    \(audio.lowerBound), \(audio.upperBound), \(chunk.audio?.path),
                    \(SpeechSpans.flattened(chunk.cut.speech, from: audio.lowerBound)), \(chunk.language))
                """
        }
        _ = try transaction.batch(
            insertions
                + sections.enumerated().map { number, section in
                    """
                    INSERT INTO sections (tenant_id, job_id, section, first_chunk, last_chunk)
                    VALUES (\(tenant), \(job), \(number), \(section.lowerBound), \(section.upperBound))
                    """
                })
    }

    /// Stores what was recognized in the chunk of a task. The caller has finished the task.
    static func keep(recognition result: [UInt8], of claim: ClaimedTask, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE chunks SET result = \(result)
            WHERE tenant_id = \(claim.tenant) AND job_id = \(claim.job) AND chunk = \(claim.part)
            """)
    }

    /// Stores the tracks in the section of a task. The caller has finished the task.
    static func keep(tracks result: [UInt8], of claim: ClaimedTask, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE sections SET result = \(result)
            WHERE tenant_id = \(claim.tenant) AND job_id = \(claim.job) AND section = \(claim.part)
            """)
    }

    /// Deletes all chunks and sections of a job.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM chunks WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute("DELETE FROM sections WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}

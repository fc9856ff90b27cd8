import Postgres
import Tenancy

/// The parts of a job's recording, from its preparation to its end: pieces, which are recognised, and stretches of them, whose speakers
/// are told apart. The one writer of the tables `pieces` and `stretches`.
enum ChunkStore {
    /// Keeps the parts that a preparation found.
    static func insert(
        _ pieces: [Piece], _ stretches: [ClosedRange<Int>], of job: JobID, of tenant: TenantID,
        in transaction: PostgresTransaction
    ) throws {
        let insertions: [PostgresQuery] = pieces.enumerated().map { number, piece in
            let (samples, audio) = (piece.cut.samples, piece.cut.audio)
            return """
                INSERT INTO pieces (
                    tenant_id, job_id, piece, channel, start_sample, end_sample, audio_start_sample, audio_end_sample,
                    audio_key, speech)
                VALUES (
                    \(tenant), \(job), \(number), \(piece.channel.number), \(samples.lowerBound), \(samples.upperBound),
                    \(audio.lowerBound), \(audio.upperBound), \(piece.audio?.path),
                    \(SpeechSpans.flattened(piece.cut.speech, from: audio.lowerBound)))
                """
        }
        _ = try transaction.batch(
            insertions
                + stretches.enumerated().map { number, stretch in
                    """
                    INSERT INTO stretches (tenant_id, job_id, stretch, first_piece, last_piece)
                    VALUES (\(tenant), \(job), \(number), \(stretch.lowerBound), \(stretch.upperBound))
                    """
                })
    }

    /// Keeps what was heard in the piece of a task that its caller has finished.
    static func keep(recognition result: [UInt8], of claim: ClaimedTask, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE pieces SET result = \(result)
            WHERE tenant_id = \(claim.tenant) AND job_id = \(claim.job) AND piece = \(claim.part)
            """)
    }

    /// Keeps the voices of the stretch of a task that its caller has finished.
    static func keep(tracks result: [UInt8], of claim: ClaimedTask, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE stretches SET result = \(result)
            WHERE tenant_id = \(claim.tenant) AND job_id = \(claim.job) AND stretch = \(claim.part)
            """)
    }

    /// Removes all parts of a job.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM pieces WHERE tenant_id = \(tenant) AND job_id = \(job)")
        try transaction.execute("DELETE FROM stretches WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}

import Postgres
import Tenancy

extension PieceWork {
    /// The piece, or nil when its job no longer needs it.
    static func load(_ piece: Int, of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> Self?
    {
        try transaction.first(
            """
            SELECT p.audio_key, p.end_sample - p.start_sample, j.language
            FROM pieces p JOIN jobs j ON j.tenant_id = p.tenant_id AND j.id = p.job_id
            WHERE p.tenant_id = \(tenant) AND p.job_id = \(job) AND p.piece = \(piece) AND p.audio_key IS NOT NULL
                AND j.status = 'processing' AND j.language IS NOT NULL
            """, as: String.self, Int64.self, String.self
        ).map { PieceWork(audio: StorageKey(path: $0.0), samples: $0.1, language: $0.2) }
    }
}

extension ClaimedTask {
    /// Keeps what was heard in this task's piece. Answers how many pieces of the job are still to come.
    func keep(_ result: [UInt8], samples: Int64, in transaction: PostgresTransaction) throws -> Int {
        try transaction.execute(
            """
            UPDATE pieces SET result = \(result)
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND piece = \(piece)
            """)
        let left = try transaction.first(
            """
            UPDATE jobs SET samples_done = samples_done + \(samples), pieces_left = pieces_left - 1
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            RETURNING pieces_left
            """, as: Int.self)
        guard let left else { throw LeaseLost() }
        return left
    }
}

/// A piece that is done, as the assembly needs it.
struct HeardPiece: Sendable {
    let startSample: Int64
    /// JSON of a `Recognition`; nil where there was no speech to send.
    let result: [UInt8]?

    /// The job's pieces in order.
    static func all(of job: JobID, tenant: TenantID, in transaction: PostgresTransaction) throws -> [HeardPiece] {
        try transaction.query(
            """
            SELECT start_sample, result FROM pieces WHERE tenant_id = \(tenant) AND job_id = \(job) ORDER BY piece
            """
        ).map { row in
            let (start, result) = try row.decode(Int64.self, [UInt8]?.self)
            return HeardPiece(startSample: start, result: result)
        }
    }
}

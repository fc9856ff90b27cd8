import Postgres
import Tenancy

/// What the preparation needs to know of its job.
struct PreparationWork: Sendable {
    let source: StorageKey
    let maxSamples: Int64
    let language: LanguageChoice

    /// The job begins: `queued → processing`. Nil when it has ended meanwhile.
    static func begin(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.execute(
            """
            UPDATE jobs SET status = 'processing', started_at = now(), status_changed_at = now()
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'queued'
            """)
        return try transaction.first(
            """
            SELECT source_key, max_duration_ms, language_requested FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND source_key IS NOT NULL
            """, as: String.self, Int64.self, String.self
        ).map { source, duration, language in
            PreparationWork(
                source: StorageKey(path: source), maxSamples: Samples.from(milliseconds: duration),
                language: LanguageChoice(language) ?? .automatic)
        }
    }
}

extension ClaimedTask {
    /// Keeps what the preparation found.
    func keep(
        _ pieces: [Piece], total: Int64, language: HeardLanguage, engine: String, in transaction: PostgresTransaction
    ) throws {
        let silent = pieces.filter { $0.audio == nil }.reduce(Int64(0)) { $0 + Int64($1.samples.count) }
        let rows = try transaction.execute(
            """
            UPDATE jobs
            SET samples_total = \(total), samples_done = \(silent), pieces_left = \(pieces.count { $0.audio != nil }),
                language = \(language.code), language_confidence = \(language.confidence), engine = \(engine)
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing'
            """)
        guard rows == 1 else { throw LeaseLost() }
        _ = try transaction.batch(
            pieces.enumerated().map { number, piece in
                """
                INSERT INTO pieces (tenant_id, job_id, piece, start_sample, end_sample, audio_key)
                VALUES (\(tenant), \(job), \(number), \(piece.samples.lowerBound), \(piece.samples.upperBound),
                    \(piece.audio?.path))
                """
            })
    }
}

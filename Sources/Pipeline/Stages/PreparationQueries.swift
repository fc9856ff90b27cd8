import Billing
import Postgres
import Tenancy

/// What the preparation needs to know of its job.
struct PreparationWork: Sendable {
    let source: StorageKey
    /// The plan's cap, as it was at the admission.
    let maxSamples: Int64
    /// What the month covers of it; nil where all of it was accepted.
    let affordableSamples: Int64?
    let language: LanguageChoice
    let diarize: Bool
    /// What the probe saw; nil where it was not asked.
    let sourceChannels: Int?

    /// Nil when the job has ended meanwhile.
    static func of(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self? {
        try transaction.first(
            """
            SELECT source_key, max_duration_ms, language_requested, diarize, source_channels FROM jobs
            WHERE tenant_id = \(tenant) AND id = \(job) AND status = 'processing' AND source_key IS NOT NULL
            """, as: String.self, Int64.self, String.self, Bool.self, Int?.self
        ).map { source, duration, language, diarize, channels in
            PreparationWork(
                source: StorageKey(path: source),
                maxSamples: Samples.from(milliseconds: DurationLimit.milliseconds(of: duration)),
                affordableSamples: try Reservation.affordableSeconds(job, of: tenant, in: transaction)
                    .map { $0 * Samples.perSecond },
                language: LanguageChoice(language) ?? .automatic, diarize: diarize, sourceChannels: channels)
        }
    }
}

/// What the preparation found, and what is to be done next.
struct Preparation: Sendable {
    /// Samples of the source.
    let total: Int64
    let pieces: [Piece]
    /// Pieces whose speakers are told apart together.
    let stretches: [ClosedRange<Int>]
    let language: HeardLanguage
    /// The engine that will recognise, as transcripts name it.
    let engine: String
    /// How speakers are told apart, as transcripts name it.
    let diarization: String

    /// Samples of a stretch of pieces.
    func samples(of stretch: ClosedRange<Int>) -> Int64 {
        pieces[stretch.upperBound].cut.samples.upperBound - pieces[stretch.lowerBound].cut.samples.lowerBound
    }
}

extension ClaimedTask {
    /// Keeps what the preparation found, and queues what follows from it.
    ///
    /// Throws `JobFailure` when the source turns out longer than what was reserved for it, and the month does not cover it.
    func keep(_ found: Preparation, in transaction: PostgresTransaction) throws {
        let heard = found.pieces.reduce(Int64(0)) { $0 + Int64($1.cut.samples.count) }
        let silent = found.pieces.filter { !$0.hasSpeech }.reduce(Int64(0)) { $0 + Int64($1.cut.samples.count) }
        let compared = found.stretches.reduce(Int64(0)) { $0 + found.samples(of: $1) }
        let parts = found.pieces.count(where: \.hasSpeech) + found.stretches.count
        let isKept = try JobLifecycle.notePreparation(
            of: job, of: tenant, total: found.total, work: heard + compared, done: silent, parts: parts,
            language: found.language.code, languageConfidence: found.language.confidence, engine: found.engine,
            diarization: found.diarization, in: transaction)
        guard isKept else { throw LeaseLost() }
        do {
            try Reservation.resize(job, of: tenant, to: Samples.billedSeconds(found.total), in: transaction)
        } catch ReservationError.quotaExceeded {
            throw JobFailure.quotaExceeded
        }
        try ChunkStore.insert(found.pieces, found.stretches, of: job, of: tenant, in: transaction)
        // Speakers first: a stretch is long, and should not be what everybody waits for at the end.
        for stretch in found.stretches.indices { try follow(with: .diarize, part: stretch, in: transaction) }
        for (number, piece) in found.pieces.enumerated() where piece.hasSpeech {
            try follow(with: .recognise, part: number, in: transaction)
        }
        if parts == 0 { try follow(with: .assemble, in: transaction) }
    }
}

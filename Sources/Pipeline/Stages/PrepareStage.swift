import Billing
import Logging
import Postgres
import Tenancy

/// Decodes a job's source once, finds its speech and its language, and cuts it at silences into the chunks to recognize and the sections
/// whose speakers are to be told apart.
///
/// What decides is what was decoded, not what the container claimed: a source that turns out longer than the plan allows, or that holds
/// nothing but silence, fails its job here.
struct PrepareStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let media: MediaToolClient
    let server: ModelServer
    let engine: any RecognitionEngine
    let scratch: String
    let logger: Logger

    func run(_ claim: ClaimedTask) async throws {
        guard
            let work = try await databases.app.transaction(
                of: claim.tenant, { try PreparationWork.of(claim.job, of: claim.tenant, in: $0) })
        else { throw JobEnded() }
        do {
            try await prepare(claim, work)
        } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
            // What was written may stand, and then its chunks are needed.
            throw error
        } catch {
            // Whoever prepares the job after this one writes under a fence of its own; what lies under ours nobody will read.
            // Also when this task was cancelled, in which an object store would not be asked any more.
            await Task { try? await storage.removeChunks(of: claim) }.value
            throw error
        }
    }

    private func prepare(_ claim: ClaimedTask, _ work: PreparationWork) async throws {
        // Channels are told apart only where speakers are asked for and there may be two.
        let pcm = try PCMFile(folder: scratch, channels: work.diarize && work.sourceChannels != 1 ? 2 : 1)
        let signal = try await decode(claim, work, to: pcm)
        if !signal.choices.isEmpty {
            var metadata: Logger.Metadata = signal.choices.mapValues { .string($0) }
            metadata["job"] = "\(claim.job)"
            logger.info("the source's track or channels were chosen or corrected", metadata: metadata)
        }
        let language = try await language(of: signal, pcm, work.language)
        let diarization = try await diarization(of: signal, work)
        let chunks = try await cut(signal, pcm, diarization, for: claim)
        let plan = Preparation(
            total: signal.samples, chunks: chunks, sections: diarization.sections(of: chunks), language: language,
            engine: try await engine.name(), diarization: diarization.name)
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            try Self.keep(plan, of: claim, in: transaction)
        }
    }

    private func decode(
        _ claim: ClaimedTask, _ work: PreparationWork, to pcm: PCMFile
    ) async throws -> DecodedSignal {
        let source = try await storage.localFile(work.source)
        // A copy is there as long as it is held.
        defer { withExtendedLifetime(source) {} }
        let decoding = SourceDecoding(
            media: media, path: source.path, maxSamples: work.maxSamples, affordableSamples: work.affordableSamples,
            shortSamples: claim.isLong ? nil : Preparations.shortSamples)
        do {
            // A long one leaves the detector to others, too.
            return try await decoding.run(
                to: pcm, SpeechDetector(server: server, pcm: pcm, blocksAtOnce: claim.isLong ? 1 : 2))
        } catch let failure as JobFailure where failure == .quotaExceeded {
            let covered = work.affordableSamples ?? 0
            try await databases.app.transaction(of: claim.tenant) { try claim.noteLength(beyond: covered, in: $0) }
            throw failure
        }
    }

    /// Cuts the signal and stores the audio of each chunk that somebody is to hear.
    private func cut(
        _ signal: DecodedSignal, _ pcm: PCMFile, _ diarization: DiarizationPlan, for claim: ClaimedTask
    ) async throws -> [Chunk] {
        var chunks: [Chunk] = []
        for voice in signal.voices {
            for cut in ChunkCutter(total: signal.samples, speech: voice.speech).cuts() {
                try Task.checkCancellation()
                var audio: StorageKey?
                if !cut.speech.isEmpty || diarization.hearsSilence {
                    let key = StorageKey.chunk(chunks.count, of: claim.job, tenant: claim.tenant, fence: claim.fence)
                    try await storage.write(try await pcm.wav(cut.audio, of: voice.channel), as: key)
                    audio = key
                }
                chunks.append(Chunk(channel: voice.channel, cut: cut, audio: audio))
            }
        }
        return chunks
    }

    /// The language that the customer named, or the one of the first half minute of speech.
    private func language(of signal: DecodedSignal, _ pcm: PCMFile, _ choice: LanguageChoice) async throws
        -> DetectedLanguage
    {
        if case .code(let code) = choice { return DetectedLanguage(code: code, confidence: nil) }
        let first = signal.voices.filter { !$0.speech.isEmpty }
            .min { ($0.speech.first?.lowerBound ?? 0) < ($1.speech.first?.lowerBound ?? 0) }
        if let first {
            let clip = try await pcm.wav(first.speech.first(samples: 30 * Samples.perSecond), of: first.channel)
            if let heard = try await server.language(of: clip) {
                return DetectedLanguage(code: heard.code, confidence: heard.confidence)
            }
        }
        // Without speech there is no language; the transcript still has to name one.
        return DetectedLanguage(code: "en", confidence: 0)
    }

    private func diarization(of signal: DecodedSignal, _ work: PreparationWork) async throws -> DiarizationPlan {
        guard work.diarize else { return .none }
        if signal.voices.count > 1 { return .channels }
        guard let model = try await server.health().diarization else { return .none }
        return .model(model.model, section: Samples.perSecond * Int64(max(10, min(model.stretch_seconds, 36_000))))
    }

    /// Keeps what the preparation found, and queues what follows from it.
    ///
    /// Throws `JobFailure` when the source turns out longer than what was reserved for it, and the month does not cover it.
    private static func keep(
        _ found: Preparation, of claim: ClaimedTask, in transaction: PostgresTransaction
    ) throws {
        let heard = found.chunks.reduce(Int64(0)) { $0 + Int64($1.cut.samples.count) }
        let silent = found.chunks.filter { !$0.hasSpeech }.reduce(Int64(0)) { $0 + Int64($1.cut.samples.count) }
        let compared = found.sections.reduce(Int64(0)) { $0 + found.samples(of: $1) }
        let parts = found.chunks.count(where: \.hasSpeech) + found.sections.count
        let isKept = try JobLifecycle.notePreparation(
            of: claim.job, of: claim.tenant, total: found.total, work: heard + compared, done: silent, parts: parts,
            language: found.language.code, languageConfidence: found.language.confidence, engine: found.engine,
            diarization: found.diarization, in: transaction)
        guard isKept else { throw LeaseLost() }
        do {
            try Reservation.resize(claim.job, of: claim.tenant, to: Samples.billedSeconds(found.total), in: transaction)
        } catch ReservationError.quotaExceeded {
            throw JobFailure.quotaExceeded
        }
        try ChunkStore.insert(found.chunks, found.sections, of: claim.job, of: claim.tenant, in: transaction)
        // Speakers first: a section is long, and should not be what everybody waits for at the end.
        for section in found.sections.indices { try claim.follow(with: .diarize, part: section, in: transaction) }
        for (number, chunk) in found.chunks.enumerated() where chunk.hasSpeech {
            try claim.follow(with: .recognize, part: number, in: transaction)
        }
        if parts == 0 { try claim.follow(with: .assemble, in: transaction) }
    }
}

/// What the preparation needs to know of its job.
private struct PreparationWork: Sendable {
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
private struct Preparation: Sendable {
    /// Samples of the source.
    let total: Int64
    let chunks: [Chunk]
    /// Chunks whose speakers are told apart together.
    let sections: [ClosedRange<Int>]
    let language: DetectedLanguage
    /// The engine that will recognize, as transcripts name it.
    let engine: String
    /// How speakers are told apart, as transcripts name it.
    let diarization: String

    /// Samples of a section of chunks.
    func samples(of section: ClosedRange<Int>) -> Int64 {
        chunks[section.upperBound].cut.samples.upperBound - chunks[section.lowerBound].cut.samples.lowerBound
    }
}

private struct DetectedLanguage: Sendable {
    let code: String
    /// 0 to 1; nil when the customer named the language.
    let confidence: Double?
}

extension [Range<Int64>] {
    /// As much of the beginning of these ranges as has that many samples.
    fileprivate func first(samples: Int64) -> [Range<Int64>] {
        var left = samples
        return prefix { _ in left > 0 }.map { range in
            let end = Swift.min(range.upperBound, range.lowerBound + left)
            left -= end - range.lowerBound
            return range.lowerBound..<end
        }
    }
}

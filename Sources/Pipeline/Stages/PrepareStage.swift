import Billing
import Logging
import Postgres
import Tenancy

/// Decodes a recording once, detects speech and language, cuts it at silences into chunks to recognize, and plans the sections to diarize.
///
/// What counts is what was decoded, not what the container says. If the recording is longer than the plan allows, or only silence, the job fails
/// here.
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
            // The transaction may have been committed, and then the chunks are needed.
            throw error
        } catch {
            // The next preparation of the job writes chunks under its own fence, so nobody will read ours.
            // Unstructured, so that the clean-up also runs if this task was cancelled.
            await Task { try? await storage.removeChunks(of: claim) }.value
            throw error
        }
    }

    private func prepare(_ claim: ClaimedTask, _ work: PreparationWork) async throws {
        // Channels are compared only if diarization is on and there may be two.
        let pcm = try PCMFile(folder: scratch, channels: work.diarize && work.sourceChannels != 1 ? 2 : 1)
        let (signal, digest) = try await decode(claim, work, to: pcm)
        if !signal.choices.isEmpty {
            var metadata: Logger.Metadata = signal.choices.mapValues { .string($0) }
            metadata["job"] = "\(claim.job)"
            logger.info("the source's track or channels were chosen or corrected", metadata: metadata)
        }
        let (language, runs) = try await languages(of: signal, pcm, work)
        let diarization = try await diarization(of: signal, work)
        let chunks = try await cut(signal, into: runs, pcm, diarization, for: claim)
        let plan = Preparation(
            total: signal.samples, chunks: chunks, sections: diarization.sections(of: chunks), language: language,
            engine: try await engine.name(), diarization: diarization.name, sourceDigest: digest)
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            try Self.keep(plan, of: claim, in: transaction)
        }
    }

    /// Returns what was decoded, and the SHA-256 of the recording as it was received.
    private func decode(
        _ claim: ClaimedTask, _ work: PreparationWork, to pcm: PCMFile
    ) async throws -> (DecodedSignal, digest: [UInt8]) {
        let source = try await storage.localFile(work.source)
        // A local copy exists only as long as this object.
        defer { withExtendedLifetime(source) {} }
        let decoding = SourceDecoding(
            media: media, path: source.path, maxSamples: work.maxSamples, room: work.room,
            shortSamples: claim.isLong ? nil : Preparations.shortSamples)
        do {
            // A long recording leaves some of the detector to others.
            let signal = try await decoding.run(
                to: pcm, SpeechDetector(server: server, pcm: pcm, blocksAtOnce: claim.isLong ? 1 : 2))
            // Afterward, because a recording that is refused needs none, and what was just decoded is in memory.
            return (signal, try await FileDigest.sha256(source.path))
        } catch let failure as JobFailure where failure.code == .quotaExceeded {
            let covered = work.room.samples ?? 0
            try await databases.app.transaction(of: claim.tenant) { try claim.noteLength(beyond: covered, in: $0) }
            throw failure
        }
    }

    /// Cuts the signal into chunks, and stores the audio of those that will be recognized or diarized.
    ///
    /// - Parameter runs: for each voice, the parts in one language.
    private func cut(
        _ signal: DecodedSignal, into runs: [[LanguageRun]], _ pcm: PCMFile, _ diarization: DiarizationPlan,
        for claim: ClaimedTask
    ) async throws -> [Chunk] {
        var chunks: [Chunk] = []
        for (voice, run) in zip(signal.voices, runs).flatMap({ voice, runs in runs.map { (voice, $0) } }) {
            for cut in ChunkCutter.cuts(of: run.samples, speech: voice.speech) {
                try Task.checkCancellation()
                var audio: StorageKey?
                if !cut.speech.isEmpty || diarization.hearsSilence {
                    let key = StorageKey.chunk(chunks.count, of: claim.job, tenant: claim.tenant, fence: claim.fence)
                    try await storage.write(try await pcm.wav(cut.audio, of: voice.channel), as: key)
                    audio = key
                }
                chunks.append(Chunk(channel: voice.channel, cut: cut, language: run.language, audio: audio))
            }
        }
        return chunks
    }

    /// Returns the job's language, and for each voice the parts in one language: one, unless the recording changes between languages.
    private func languages(
        of signal: DecodedSignal, _ pcm: PCMFile, _ work: PreparationWork
    ) async throws -> (DetectedLanguage, [[LanguageRun]]) {
        guard work.language == .mixed else {
            let whole = [LanguageRun(samples: 0..<signal.samples, language: nil)]
            return (try await language(of: signal, pcm, work), signal.voices.map { _ in whole })
        }
        var runs: [[LanguageRun]] = []
        var main: String?
        for voice in signal.voices {
            let found = try await LanguageRuns(total: signal.samples, speech: voice.speech).runs { speech in
                try await heard(in: try await pcm.wav(speech, of: voice.channel), among: work.languages)
            }
            runs.append(found.runs)
            main = main ?? found.main
        }
        return (DetectedLanguage(code: main ?? work.languages.first ?? "en", confidence: nil), runs)
    }

    /// Returns the language that the customer named, or detects it in the first 30 seconds of speech.
    private func language(
        of signal: DecodedSignal, _ pcm: PCMFile, _ work: PreparationWork
    ) async throws -> DetectedLanguage {
        if case .code(let code) = work.language { return DetectedLanguage(code: code, confidence: nil) }
        let first = signal.voices.filter { !$0.speech.isEmpty }
            .min { ($0.speech.first?.lowerBound ?? 0) < ($1.speech.first?.lowerBound ?? 0) }
        if let first {
            let clip = try await pcm.wav(first.speech.first(samples: 30 * Samples.perSecond), of: first.channel)
            if let heard = try await heard(in: clip, among: work.languages) {
                return DetectedLanguage(code: heard.code, confidence: heard.confidence)
            }
        }
        // Without speech there is no language, but the transcript must name one.
        return DetectedLanguage(code: "en", confidence: 0)
    }

    /// Detects the language of a clip. Fails the job if the model does not know one of the languages that the customer names.
    private func heard(
        in clip: [UInt8], among languages: [String]
    ) async throws -> (code: String, confidence: Double)? {
        do {
            return try await server.language(of: clip, among: languages)
        } catch let error as ModelServerError where error.status == 400 && !languages.isEmpty {
            throw JobFailure.languageUnsupported
        }
    }

    private func diarization(of signal: DecodedSignal, _ work: PreparationWork) async throws -> DiarizationPlan {
        guard work.diarize else { return .none }
        if signal.voices.count > 1 { return .channels }
        guard let model = try await server.health().diarization else { return .none }
        return .model(model.model, section: Samples.perSecond * Int64(max(10, min(model.section_seconds, 36_000))))
    }

    /// Stores what the preparation found, and queues the next tasks.
    ///
    /// - Throws: `JobFailure` if the recording is longer than its reservation, and the month has too few seconds left.
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
            diarization: found.diarization, sourceDigest: found.sourceDigest, in: transaction)
        guard isKept else { throw LeaseLost() }
        do {
            try Reservation.resize(claim.job, of: claim.tenant, to: Samples.billedSeconds(found.total), in: transaction)
        } catch ReservationError.quotaExceeded(let limit, _) {
            throw JobFailure.quotaExceeded(limit)
        }
        try ChunkStore.insert(found.chunks, found.sections, of: claim.job, of: claim.tenant, in: transaction)
        // Sections first, because they take long and should not be the last to finish.
        for section in found.sections.indices { try claim.follow(with: .diarize, part: section, in: transaction) }
        for (number, chunk) in found.chunks.enumerated() where chunk.hasSpeech {
            try claim.follow(with: .recognize, part: number, in: transaction)
        }
        if parts == 0 { try claim.follow(with: .assemble, in: transaction) }
    }
}

/// What the preparation needs to know about its job.
private struct PreparationWork: Sendable {
    let source: StorageKey
    /// The plan's limit at the job's admission.
    let maxSamples: Int64
    /// How many samples the month can pay for; nil if the job accepts overage.
    let room: MonthRoom
    let language: LanguageChoice
    /// Of a language that is detected, those that it may be; empty: any.
    let languages: [String]
    let diarize: Bool
    /// The number of channels that the probe found; nil if it is unknown.
    let sourceChannels: Int?

    /// Nil if the job has ended meanwhile.
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
                room: try Reservation.room(for: job, of: tenant, in: transaction),
                language: LanguageChoice(language) ?? .automatic,
                languages: try WordOptions.find(job, of: tenant, in: transaction).languages, diarize: diarize,
                sourceChannels: channels)
        }
    }
}

/// The result of the preparation.
private struct Preparation: Sendable {
    /// Samples of the recording.
    let total: Int64
    let chunks: [Chunk]
    /// The sections, as ranges of chunks that are diarized together.
    let sections: [ClosedRange<Int>]
    let language: DetectedLanguage
    /// The engine that will recognize, as transcripts name it.
    let engine: String
    /// The method of diarization, as transcripts name it.
    let diarization: String
    let sourceDigest: [UInt8]

    /// Returns the number of samples of a section.
    func samples(of section: ClosedRange<Int>) -> Int64 {
        chunks[section.upperBound].cut.samples.upperBound - chunks[section.lowerBound].cut.samples.lowerBound
    }
}

private struct DetectedLanguage: Sendable {
    let code: String
    /// 0 to 1; nil if the customer named the language.
    let confidence: Double?
}

extension [Range<Int64>] {
    /// Returns the beginning of these ranges, with at most `samples` samples in all.
    func first(samples: Int64) -> [Range<Int64>] {
        var left = samples
        return prefix { _ in left > 0 }.map { range in
            let end = Swift.min(range.upperBound, range.lowerBound + left)
            left -= end - range.lowerBound
            return range.lowerBound..<end
        }
    }
}

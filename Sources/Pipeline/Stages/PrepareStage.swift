import Postgres
import Tenancy

/// Decodes a job's source once, finds its speech and its language, and cuts it at silences into the pieces to recognise.
///
/// What decides is what was decoded, not what the container claimed: a source that turns out longer than the plan allows, or that holds
/// nothing but silence, fails its job here.
struct PrepareStage: Sendable {
    let databases: Databases
    let storage: FileStorage
    let media: MediaTool
    let server: ModelServer
    let scratch: String

    func run(_ claim: ClaimedTask) async throws {
        guard
            let work = try await databases.app.transaction(
                of: claim.tenant, { try PreparationWork.begin(claim.job, of: claim.tenant, in: $0) })
        else { throw JobEnded() }
        do {
            try await prepare(claim, work)
        } catch let error as PostgresError where error.kind == .commitOutcomeUnknown {
            // What was written may stand, and then its pieces are needed.
            throw error
        } catch {
            // Whoever prepares the job after this one writes under a fence of its own; what lies under ours nobody will read.
            try? await storage.removePieces(of: claim)
            throw error
        }
    }

    private func prepare(_ claim: ClaimedTask, _ work: PreparationWork) async throws {
        let pcm = try PCMSpool(folder: scratch)
        let total = try await decode(work, to: pcm)
        let pieces = try await cut(pcm, total: total, for: claim)
        let heard = try await language(of: pieces, pcm, work.language)
        let engine = try await server.health().model
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            try claim.keep(pieces, total: total, language: heard, engine: engine, in: transaction)
            for (number, piece) in pieces.enumerated() where piece.audio != nil {
                try claim.follow(with: .recognise, piece: number, in: transaction)
            }
            if pieces.allSatisfy({ $0.audio == nil }) { try claim.follow(with: .assemble, in: transaction) }
        }
    }

    /// Decodes the source into `pcm` and answers its length in samples.
    private func decode(_ work: PreparationWork, to pcm: PCMSpool) async throws -> Int64 {
        let decoded: DecodedAudio
        do {
            decoded = try await media.decode(
                path: storage.localPath(work.source), layout: .mono, maxSamples: work.maxSamples
            ) { bytes in
                try await pcm.append(bytes)
            }
        } catch MediaError.invalidAudio(let reason, _) {
            throw JobFailure.invalidAudio(reason)
        }
        if decoded.isLimitReached { throw JobFailure.invalidAudio(.durationExceedsLimit) }
        if decoded.samples == 0 || decoded.isSilent { throw JobFailure.invalidAudio(.emptyAudio) }
        return decoded.samples
    }

    /// Cuts the signal and stores the audio of each piece that holds speech.
    private func cut(_ pcm: PCMSpool, total: Int64, for claim: ClaimedTask) async throws -> [Piece] {
        let cutter = PieceCutter(total: total)
        var pieces: [Piece] = []
        var start: Int64 = 0
        while start < total {
            try Task.checkCancellation()
            let window = start..<min(total, start + cutter.longest)
            let speech = try await server.speech(in: try await pcm.wav(window)).map(\.samples)
            let end = start + cutter.cut(speech: speech, available: total - start)
            var audio: StorageKey?
            if speech.contains(where: { $0.overlaps(0..<(end - start)) }) {
                let key = StorageKey.piece(pieces.count, of: claim.job, tenant: claim.tenant, fence: claim.fence)
                try await storage.write(try await pcm.wav(start..<end), as: key)
                audio = key
            }
            pieces.append(Piece(samples: start..<end, audio: audio))
            start = end
        }
        return pieces
    }

    /// The language that the customer named, or the one heard in the first piece with speech.
    private func language(of pieces: [Piece], _ pcm: PCMSpool, _ choice: LanguageChoice) async throws -> HeardLanguage {
        if case .code(let code) = choice { return HeardLanguage(code: code, confidence: nil) }
        for piece in pieces where piece.audio != nil {
            if let heard = try await server.language(of: try await pcm.wav(piece.samples)) {
                return HeardLanguage(code: heard.code, confidence: heard.confidence)
            }
        }
        // Without speech there is no language; the transcript still has to name one.
        return HeardLanguage(code: "en", confidence: 0)
    }
}

/// A stretch of the source that is recognised by itself.
struct Piece: Sendable {
    let samples: Range<Int64>
    /// Its audio; nil when there is no speech to recognise.
    let audio: StorageKey?
}

struct HeardLanguage: Sendable {
    let code: String
    /// 0 to 1; nil when the customer named the language.
    let confidence: Double?
}

extension ModelServer.SpeechSpan {
    fileprivate var samples: Range<Int64> {
        let first = Self.sample(at: start)
        return first..<max(first, Self.sample(at: end))
    }

    /// A day at most, whatever the server says: a number beyond `Int64` must not end this process.
    private static func sample(at seconds: Double) -> Int64 {
        guard seconds.isFinite else { return 0 }
        return Int64(min(max(0, seconds), 86_400) * Double(Samples.perSecond))
    }
}

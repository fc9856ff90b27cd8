import Egress

/// Recognition by Whisper: on our own model server, which gets whole chunks, or on any OpenAI-compatible server, which gets clips one
/// after the other.
package struct WhisperEngine: RecognitionEngine {
    private enum Server: Sendable {
        case own(ModelServer)
        case foreign(WhisperServer)
    }

    private let server: Server

    /// Uses our own model server.
    package init(server: ModelServer) {
        self.server = .own(server)
    }

    /// Uses any OpenAI-compatible server.
    ///
    /// - Parameters:
    ///   - apiKey: Sent as `Authorization: Bearer`; nil: no such header is sent.
    ///   - model: The model to request, as the server names it; nil: `whisper-1`, which servers with one model accept for it.
    ///   - refusals: Reports that the server doesn't have the model; nil: no reports.
    package init(
        endpoint: WhisperEndpoint, apiKey: String?, model: String?, client: EgressClient,
        refusals: EngineRefusals? = nil
    ) {
        server = .foreign(
            WhisperServer(
                endpoint: endpoint, apiKey: apiKey, model: model ?? WhisperModelName.any, client: client,
                refusals: refusals))
    }

    /// Returns the engine's name. A foreign server names its model only in its answers, so until then the requested model counts.
    package func name() async throws -> String {
        switch server {
        case .own(let server): Self.engine(of: try await server.health().model)
        case .foreign(let server): Self.engine(of: server.model)
        }
    }

    package func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
        if chunk.isOnlyAskedFor { return .needsSlot }
        let wav = try await chunk.wav()
        let (model, segments) =
            switch server {
            case .own(let server): try await Self.whole(chunk, wav, server)
            case .foreign(let server): try await Self.clips(chunk, WAVSamples(wav), server)
            }
        let judged = HallucinationGuard(speech: chunk.speech, audio: WAVSamples(wav)).judged(segments)
        return .heard(
            Recognition(
                engine: Self.engine(of: model), model: model, segments: judged.kept.map(\.transcribed),
                removed: judged.removed.isEmpty ? nil : judged.removed))
    }

    /// Always throws. Whisper keeps nothing, so the ticket is from another engine that the settings no longer name. It must not be dropped
    /// as if its copy were deleted.
    package func forget(_ ticket: EngineTicket) async throws {
        throw EngineError.misconfigured(
            "\(ticket.engine) still has a copy of the audio; add that engine to VERBATIM_ENGINE again until the copy is deleted"
        )
    }

    private static func engine(of model: String) -> String { WhisperModelName.engine(of: model) ?? "whisper" }

    private static func whole(
        _ chunk: SpeechChunk, _ wav: [UInt8], _ server: ModelServer
    ) async throws -> (String, [WhisperSegment]) {
        // The largest model on one slow core takes several times as long as the recording. If the server dies, its closed connection
        // says so long before the time-out.
        let answer = try await server.transcription(
            of: wav, language: chunk.language, keyTerms: chunk.keyTerms,
            speech: WhisperSpans.widened(chunk.speech, within: chunk.duration),
            timeout: .seconds(300) + .milliseconds(chunk.duration * 20))
        return (answer.model ?? WhisperModelName.any, answer.segments(within: chunk.duration))
    }

    private static func clips(
        _ chunk: SpeechChunk, _ audio: WAVSamples, _ server: WhisperServer
    ) async throws -> (String, [WhisperSegment]) {
        var model: String?
        var segments: [WhisperSegment] = []
        // One at a time: some servers have one worker, and chunks already run in parallel.
        for clip in WhisperClips(audio).cut(at: chunk.speech) {
            let duration = clip.upperBound - clip.lowerBound
            let answer = try await server.transcription(
                of: audio.file(of: clip), language: chunk.language, keyTerms: chunk.keyTerms,
                timeout: .seconds(60) + .milliseconds(duration * 20))
            model = model ?? answer.model
            segments += answer.segments(within: duration).map { $0.moved(by: clip.lowerBound) }
        }
        return (model ?? server.model, segments)
    }
}

/// Widens detected speech to the parts of a chunk that our own model server recognizes.
///
/// The values were measured with Whisper base on readings, telephone speech, short commands, and speech between noise and music, with a
/// detector that adds 100 ms itself. Without the lead, first words after a pause get lost. Longer leads gain nothing, and silence kept
/// between sentences costs windows.
package enum WhisperSpans {
    /// Milliseconds. Detectors notice the first sound of a word late, above all after noise or music.
    private static let lead: Int64 = 500
    private static let tail: Int64 = 300

    /// Returns the widened ranges, joined where they would overlap.
    ///
    /// - Parameter speech: Ranges in milliseconds, in order, with gaps between them.
    package static func widened(_ speech: [Range<Int64>], within duration: Int64) -> [Range<Int64>] {
        speech.reduce(into: []) { widened, span in
            let start = max(0, span.lowerBound - lead)
            let end = min(duration, span.upperBound + tail)
            if let last = widened.last, start <= last.upperBound {
                widened[widened.count - 1] = last.lowerBound..<max(last.upperBound, end)
            } else if start < end {
                widened.append(start..<end)
            }
        }
    }
}

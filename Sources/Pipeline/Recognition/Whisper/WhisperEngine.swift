import Egress

/// Recognition by Whisper: behind our own model server, which takes a chunk whole, or behind any OpenAI-compatible one, which is given
/// clips one after the other.
package struct WhisperEngine: RecognitionEngine {
    private enum Server: Sendable {
        case own(ModelServer)
        case foreign(WhisperServer)
    }

    private let server: Server

    /// Our own model server.
    package init(server: ModelServer) {
        self.server = .own(server)
    }

    /// Any OpenAI-compatible server.
    ///
    /// - Parameters:
    ///   - apiKey: sent as `Authorization: Bearer`; nil: nothing is.
    ///   - model: what to ask for, as the server names it; nil: `whisper-1`, which servers with one model take for it.
    ///   - refusals: where it tells that the server does not have the model; nil: nowhere.
    package init(
        endpoint: WhisperEndpoint, apiKey: String?, model: String?, client: EgressClient,
        refusals: EngineRefusals? = nil
    ) {
        server = .foreign(
            WhisperServer(
                endpoint: endpoint, apiKey: apiKey, model: model ?? WhisperModelName.any, client: client,
                refusals: refusals))
    }

    /// A foreign server names its model in its answers only: until then it is the one that is asked for.
    package func name() async throws -> String {
        switch server {
        case .own(let server): Self.engine(of: try await server.health().model)
        case .foreign(let server): Self.engine(of: server.model)
        }
    }

    package func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
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

    /// Nothing is kept by Whisper. A ticket is another engine's that these settings no longer name: it must not be dropped as if
    /// its copy were gone.
    package func forget(_ ticket: EngineTicket) async throws {
        throw EngineError.misconfigured("a copy lies at \(ticket.engine), which VERBATIM_ENGINE no longer names")
    }

    private static func engine(of model: String) -> String { WhisperModelName.engine(of: model) ?? "whisper" }

    private static func whole(
        _ chunk: SpeechChunk, _ wav: [UInt8], _ server: ModelServer
    ) async throws -> (String, [WhisperSegment]) {
        // The largest model on one slow core takes several times as long as the recording; a server that is gone is told by its
        // closed connection long before.
        let answer = try await server.transcription(
            of: wav, language: chunk.language,
            speech: WhisperSpans.widened(chunk.speech, within: chunk.duration),
            timeout: .seconds(300) + .milliseconds(chunk.duration * 20))
        return (answer.model ?? WhisperModelName.any, answer.segments(within: chunk.duration))
    }

    private static func clips(
        _ chunk: SpeechChunk, _ audio: WAVSamples, _ server: WhisperServer
    ) async throws -> (String, [WhisperSegment]) {
        var model: String?
        var segments: [WhisperSegment] = []
        // One at a time: some servers have one worker, and chunks go side by side already.
        for clip in WhisperClips(audio).cut(at: chunk.speech) {
            let duration = clip.upperBound - clip.lowerBound
            let answer = try await server.transcription(
                of: audio.file(of: clip), language: chunk.language,
                timeout: .seconds(60) + .milliseconds(duration * 20))
            model = model ?? answer.model
            segments += answer.segments(within: duration).map { $0.moved(by: clip.lowerBound) }
        }
        return (model ?? server.model, segments)
    }
}

/// The stretches of a chunk that our own model server is to hear, made of where somebody speaks.
///
/// Measured with Whisper base on readings, telephone speech, short commands, and speech between noise and music, on top of a detector that
/// adds a tenth of a second itself: without the lead, first words after a pause go astray; longer ones gain nothing, and silence kept
/// between sentences costs windows.
package enum WhisperSpans {
    /// Milliseconds. Detectors hear the first sound of a word late, above all after noise or music.
    private static let lead: Int64 = 500
    private static let tail: Int64 = 300

    /// - Parameter speech: milliseconds, in order, apart from each other; so is the answer.
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

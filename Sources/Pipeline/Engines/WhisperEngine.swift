import Foundation

/// Recognition by Whisper behind an HTTP server.
package struct WhisperEngine: RecognitionEngine {
    private let server: ModelServer

    package init(server: ModelServer) {
        self.server = server
    }

    package func name() async throws -> String { try await server.health().model }

    package func recognise(_ piece: PieceOfSpeech, ticket: EngineTicket?) async throws -> EngineStep {
        // The largest model on one slow core takes several times as long as the recording; a server that is gone is told by its
        // closed connection long before.
        let answer = try await server.transcription(
            of: piece.wav, language: piece.language, timeout: .seconds(300) + .milliseconds(piece.duration * 20))
        let model = answer.model ?? "whisper"
        return .heard(
            Recognition(
                engine: model, model: model,
                segments: answer.segments.map { $0.transcribed(within: piece.duration) }.filter { !$0.text.isEmpty }))
    }

    /// Nothing is kept there.
    package func forget(_ ticket: EngineTicket) async throws {}
}

extension WhisperAnswer.Segment {
    /// The segment in our terms, its times within the piece.
    package func transcribed(within duration: Int64) -> Transcript.Segment {
        let words = (words ?? []).map { word in
            Transcript.Word(
                recognised: word.word, start: milliseconds(word.start, within: duration),
                end: milliseconds(word.end, within: duration), confidence: word.probability)
        }
        let known = words.compactMap(\.confidence)
        let confidence = known.isEmpty ? avg_logprob.map { min(1, exp($0)) } : known.reduce(0, +) / Double(known.count)
        return Transcript.Segment(
            start: milliseconds(start, within: duration), end: milliseconds(end, within: duration),
            text: words.isEmpty ? text.trimmingCharacters(in: .whitespacesAndNewlines) : words.joinedText,
            confidence: confidence, words: words)
    }

    private func milliseconds(_ seconds: Double, within duration: Int64) -> Int64 {
        guard seconds.isFinite else { return 0 }
        return Int64(min(max(0, (seconds * 1000).rounded()), Double(duration)))
    }
}

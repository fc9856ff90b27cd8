import Foundation

/// Recognition by Whisper behind an HTTP server.
package struct WhisperEngine: Sendable {
    private let server: ModelServer

    package init(server: ModelServer) {
        self.server = server
    }

    /// Recognises one piece.
    ///
    /// - Parameters:
    ///   - wav: 16 kHz mono.
    ///   - language: a code of Whisper's.
    ///   - duration: of the piece, in milliseconds; no time lies past it.
    func recognise(wav: [UInt8], language: String, duration: Int64) async throws -> Recognition {
        // Slower than half of real time is a machine that is stuck, not busy.
        let answer = try await server.transcription(
            of: wav, language: language, timeout: .seconds(120) + .milliseconds(duration * 2))
        let model = answer.model ?? "whisper"
        return Recognition(
            engine: model, model: model,
            segments: answer.segments.filter { !$0.isHallucinated }.map { $0.transcribed(within: duration) }
                .filter { !$0.text.isEmpty })
    }
}

extension WhisperAnswer.Segment {
    /// Whisper's own signs of words that nobody said, with the thresholds of its reference implementation: silence that it is
    /// unsure about, and text that repeats itself.
    var isHallucinated: Bool {
        if let no_speech_prob, let avg_logprob, no_speech_prob > 0.6, avg_logprob < -1 { return true }
        if let compression_ratio, compression_ratio > 2.4 { return true }
        return false
    }

    func transcribed(within duration: Int64) -> Transcript.Segment {
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
        return min(max(0, Int64((seconds * 1000).rounded())), duration)
    }
}

import Pipeline
import Synchronization

/// An engine that answers as a test says, and counts its calls.
final class FallbackSubstitute: RecognitionEngine {
    private let calls = Mutex(0)
    private let answer: @Sendable () throws -> EngineStep

    var count: Int { calls.withLock { $0 } }

    init(_ answer: @escaping @Sendable () throws -> EngineStep = { .heard(FallbackSubstitute.recognition) }) {
        self.answer = answer
    }

    static let recognition = Recognition(
        engine: "whisper_base", model: "whisper_base",
        segments: [Transcript.Segment(start: 0, end: 900, text: "From the other one.")])

    func name() async throws -> String { "whisper_base" }

    func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
        calls.withLock { $0 += 1 }
        return try answer()
    }

    /// It gives no tickets, so it must not get one.
    func forget(_ ticket: EngineTicket) async throws { throw AssemblyAIScene.Unexpected() }
}

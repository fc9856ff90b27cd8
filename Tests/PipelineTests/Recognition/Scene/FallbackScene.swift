import AssemblyAISimulator
import Pipeline
import Postgres
import TestSupport

/// A simulated AssemblyAI with a substitute as the fallback, and one clock for both.
struct FallbackScene {
    let assembly: AssemblyAIScene
    let substitute: FallbackSubstitute
    let engine: FallbackEngine

    static func run(
        _ substitute: FallbackSubstitute = FallbackSubstitute(), settings: SimulatorSettings = SimulatorSettings(),
        _ body: (FallbackScene) async throws -> Void
    ) async throws {
        try await AssemblyAIScene.run(settings: settings) { assembly in
            let clock = assembly.clock
            let origin = (instant: ContinuousClock.now, time: clock.now)
            let breaker = CircuitBreaker { origin.instant + (clock.now - origin.time) }
            try await body(
                FallbackScene(
                    assembly: assembly, substitute: substitute,
                    engine: FallbackEngine(
                        primary: assembly.engine, fallback: substitute, breaker: breaker, logger: .quiet)))
        }
    }

    /// Continues with a chunk until it is done.
    func finish(_ chunk: SpeechChunk = .seconds(3), ticket: EngineTicket? = nil) async throws -> Recognition {
        try await assembly.finish(chunk, ticket: ticket, with: engine)
    }
}

import AssemblyAISimulator
import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Synchronization
import TestSupport

/// An engine with a simulated AssemblyAI, and a clock that stands still until a test moves it.
struct AssemblyAIScene: Sendable {
    let simulator: AssemblyAISimulator
    let clock: AssemblyAITestClock
    let engine: AssemblyAIEngine
    /// An engine as another process would have it, with the same account and the same clock.
    let another: AssemblyAIEngine
    /// An engine with long time-outs, for calls that must succeed on a busy machine.
    let patient: AssemblyAIEngine

    static func run<Result: Sendable>(
        key: String = "simulated-key", models: [String] = AssemblyAIAccount.defaultModels,
        settings: SimulatorSettings = SimulatorSettings(), limits: AssemblyAILimits = AssemblyAILimits(),
        log: any LogHandler = SwiftLogNoOpLogHandler(), _ body: (AssemblyAIScene) async throws -> Result
    ) async throws -> Result {
        try await AssemblyAISimulator.with(settings) { simulator in
            let clock = AssemblyAITestClock()
            let logger = Logger(label: "engine-tests") { _ in log }
            let client = EgressClient(logger: logger)
            let account = AssemblyAIAccount(url: simulator.url, apiKey: key, models: models)
            let engines = [limits, limits, AssemblyAILimits()].map { limits in
                AssemblyAIEngine(account: account, client: client, limits: limits, clock: clock.clock, logger: logger)
            }
            let scene = AssemblyAIScene(
                simulator: simulator, clock: clock, engine: engines[0], another: engines[1], patient: engines[2])
            do {
                let result = try await body(scene)
                await client.close()
                return result
            } catch {
                await client.close()
                throw error
            }
        }
    }

    /// Submits a chunk and returns its ticket.
    func handIn(
        _ chunk: SpeechChunk = .seconds(3), with other: AssemblyAIEngine? = nil
    ) async throws -> EngineTicket {
        guard case .waiting(let ticket?, _) = try await (other ?? patient).recognize(chunk, ticket: nil) else {
            throw Unexpected()
        }
        return ticket
    }

    /// Continues with a chunk until it is done, as the stage does but without waiting. At most 20 steps.
    func finish(
        _ chunk: SpeechChunk = .seconds(3), ticket: EngineTicket? = nil, with other: (any RecognitionEngine)? = nil
    ) async throws -> Recognition {
        var ticket = ticket
        for _ in 0..<20 {
            switch try await (other ?? engine).recognize(chunk, ticket: ticket) {
            case .heard(let recognition): return recognition
            case .waiting(let next, let again):
                clock.advance(again)
                ticket = next
            case .needsSlot: throw Unexpected()
            }
        }
        throw Unexpected()
    }

    /// The error of the next step with a chunk.
    func failure(_ chunk: SpeechChunk = .seconds(3), ticket: EngineTicket? = nil) async throws -> EngineError {
        do {
            _ = try await finish(chunk, ticket: ticket)
        } catch let error as EngineError {
            return error
        }
        throw Unexpected()
    }

    struct Unexpected: Error {}
}

/// Time that passes only when the engine sleeps or a test says so.
final class AssemblyAITestClock: Sendable {
    private let state = Mutex(
        (now: Timestamp(milliseconds: 1_800_000_000_000), sleeps: [Duration](), random: UInt64(7)))

    var now: Timestamp { state.withLock { $0.now } }
    /// The sleeps so far, in order.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(_ duration: Duration) { state.withLock { $0.now += duration } }

    var clock: AssemblyAIClock {
        AssemblyAIClock(
            now: { self.now },
            sleep: { duration in
                self.state.withLock { state in
                    state.now += duration
                    state.sleeps.append(duration)
                }
            },
            random: {
                self.state.withLock { state in
                    state.random = state.random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return state.random
                }
            })
    }
}

extension SpeechChunk {
    /// A chunk of silence. The simulator decides what is heard in it.
    static func seconds(
        _ seconds: Double, language: String = "en", keyTerms: [String] = [], isOnlyAskedFor: Bool = false
    ) -> SpeechChunk {
        let milliseconds = Int64(seconds * 1000)
        return SpeechChunk(
            reading: { WAVFile.bytes([UInt8](repeating: 0, count: Int(milliseconds) * 32)) }, duration: milliseconds,
            language: language, speech: [0..<milliseconds], keyTerms: keyTerms, isOnlyAskedFor: isOnlyAskedFor)
    }
}

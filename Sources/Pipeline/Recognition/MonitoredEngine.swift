import Egress
import Logging
import Postgres

/// Wraps an external engine and logs when it stops answering and when it is back, once for all chunks.
struct MonitoredEngine: RecognitionEngine {
    private let base: any RecognitionEngine
    private let outage: Outage

    init(_ base: any RecognitionEngine, named name: String, logger: Logger) {
        self.base = base
        outage = Outage(of: name, logger: logger)
    }

    func name() async throws -> String { try await base.name() }

    func forget(_ ticket: EngineTicket) async throws { try await base.forget(ticket) }

    func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
        let mark = outage.mark
        do {
            let step = try await base.recognize(chunk, ticket: ticket)
            // Says nothing about the engine, because failed polls also end in waiting.
            switch step {
            case .waiting(let new, _) where new == ticket: return step
            case .needsSlot: return step
            case .heard, .waiting: break
            }
            outage.works(since: mark)
            return step
        } catch {
            if Self.isAway(error) { outage.failed(error) }
            throw error
        }
    }

    private static func isAway(_ error: any Error) -> Bool {
        switch error {
        case EngineError.unavailable(.networkError), EngineError.unavailable(.timeout),
            EngineError.unavailable(.serverError):
            true
        case let error as EgressError: error.isTransient && error != .overloaded
        default: false
        }
    }
}

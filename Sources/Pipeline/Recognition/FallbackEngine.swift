import Logging

/// An engine with a fallback: a chunk that the first engine cannot recognize goes to the second, and the transcript says so.
///
/// ``EngineError/unavailable(_:)`` and ``EngineError/refused(_:)`` cause the fallback. The caller gets all other errors of the first
/// engine, above all an empty account or a rejected key. A circuit breaker keeps chunks from waiting for an engine that is down. Chunks
/// that this engine already has are still polled, because they are paid for.
///
/// A ticket always belongs to the first engine, even after the fallback, because its copy must still be deleted. So the second engine must
/// answer in one step, or ask to be called again without a ticket of its own.
package struct FallbackEngine: RecognitionEngine {
    private let primary: any RecognitionEngine
    private let fallback: any RecognitionEngine
    private let breaker: CircuitBreaker
    private let logger: Logger

    package init(
        primary: any RecognitionEngine, fallback: any RecognitionEngine, breaker: CircuitBreaker = CircuitBreaker(),
        logger: Logger
    ) {
        self.primary = primary
        self.fallback = fallback
        self.breaker = breaker
        self.logger = logger
    }

    package func name() async throws -> String { try await primary.name() }

    package func forget(_ ticket: EngineTicket) async throws { try await primary.forget(ticket) }

    package func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
        let permit = breaker.enter(mayTry: ticket == nil)
        if permit == nil, ticket == nil { return try await fallBack(chunk, nil, .circuitOpen) }
        do {
            let step = try await primary.recognize(chunk, ticket: ticket)
            report(permit, Self.outcome(of: step, after: ticket))
            return step
        } catch EngineError.unavailable where chunk.isOnlyAskedFor {
            report(permit, .unknown)
            return .needsSlot
        } catch EngineError.refused where chunk.isOnlyAskedFor {
            report(permit, .unknown)
            return .needsSlot
        } catch EngineError.unavailable(let reason) {
            report(permit, reason == .languageUnsupported ? .unknown : .failure)
            return try await fallBack(chunk, ticket, reason)
        } catch EngineError.refused(let fault) {
            // It would reject the next chunk too, after the upload. So this counts as a failure, and the breaker spares it for a while.
            report(permit, .failure)
            logger.warning("the first engine rejects our request", metadata: ["fault": "\(fault)"])
            return try await fallBack(chunk, ticket, .requestRefused)
        } catch {
            // An engine that rejects the account or the audio is up.
            report(permit, error is EngineError ? .success : .unknown)
            throw error
        }
    }

    /// Returns what a step says about the engine. A chunk that keeps waiting says nothing, because failed polls also end in waiting.
    private static func outcome(of step: EngineStep, after ticket: EngineTicket?) -> CircuitBreaker.Outcome {
        switch step {
        case .heard: .success
        case .waiting(let new, _): new == ticket ? .unknown : .success
        case .needsSlot: .unknown
        }
    }

    private func report(_ permit: CircuitBreaker.Permit?, _ outcome: CircuitBreaker.Outcome) {
        guard let permit, breaker.leave(permit, outcome) else { return }
        logger.error("the first engine keeps failing; for a while all chunks go to the other one")
    }

    private func fallBack(
        _ chunk: SpeechChunk, _ ticket: EngineTicket?, _ reason: FallbackReason
    ) async throws -> EngineStep {
        logger.warning("a chunk falls back to the other engine", metadata: ["reason": "\(reason.rawValue)"])
        switch try await fallback.recognize(chunk, ticket: nil) {
        case .heard(var recognition):
            recognition.fallback = Recognition.Fallback(from: try await primary.name(), reason: reason)
            return .heard(recognition)
        case .waiting(_, let again):
            return .waiting(ticket, again: again)
        case .needsSlot:
            return .needsSlot
        }
    }
}

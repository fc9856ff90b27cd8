import Logging
import Postgres

// Asking for a piece that was handed in.

extension AssemblyAIEngine {
    func ask(for piece: PieceOfSpeech, _ ticket: EngineTicket) async throws -> EngineStep {
        let answer: AssemblyAIAnswer
        // Only the poll: what goes wrong with handing in again is no matter of the old ticket's.
        do {
            answer = try await api.transcript(ticket.id)
        } catch AssemblyAIFault.missing {
            return try await handInAgain(piece, ticket, because: "there is no such transcript any more")
        } catch AssemblyAIFault.rateLimited(let pause) {
            return try wait(for: piece, ticket, orGiveUp: .rateLimited, atLeast: pause ?? limits.rateLimitPause)
        } catch AssemblyAIFault.unavailable(let reason) {
            // The piece is theirs and lost only when they say so: handing it in again would bill it twice.
            logger.info("AssemblyAI did not answer a poll", metadata: ["reason": "\(reason.rawValue)"])
            return try wait(for: piece, ticket, orGiveUp: reason)
        }
        switch answer.status {
        case .unfinished: return try wait(for: piece, ticket, orGiveUp: .timeout)
        case .completed: return .heard(heard(answer.segments(within: piece.duration), model: answer.model, piece))
        case .failed: return try await failed(answer.error ?? "", piece, ticket)
        }
    }

    /// Puts the next poll off, the longer the piece has been there, or gives the piece up once it has been there for too long.
    private func wait(
        for piece: PieceOfSpeech, _ ticket: EngineTicket, orGiveUp reason: FallbackReason,
        atLeast pause: Duration = .zero
    ) throws -> EngineStep {
        // Another machine's clock may have written the ticket.
        let age = max(.zero, clock.now() - ticket.submittedAt)
        if age >= limits.patience + .milliseconds(piece.duration) * 2 { throw EngineError.unavailable(reason) }
        let delay = min(.seconds(1) + age * limits.pollGrowth, limits.slowestPoll)
        var generator = clock.generator
        let varied = delay * Double.random(in: 1 - limits.pollJitter...1 + limits.pollJitter, using: &generator)
        return .waiting(ticket, again: max(varied, min(pause, limits.longestRateLimitPause)))
    }

    /// What they say when a transcript ends with the status `error`. Some of it is about the audio, and final.
    private func failed(_ text: String, _ piece: PieceOfSpeech, _ ticket: EngineTicket) async throws -> EngineStep {
        let lowercased = text.lowercased()
        if lowercased.contains("audio duration is too short") || lowercased.contains("no spoken audio") {
            return .heard(heard([], model: nil, piece))
        }
        if lowercased.contains("does not appear to contain audio") || lowercased.contains("transcoding failed") {
            throw EngineError.invalidAudio(.decodeFailed)
        }
        return try await handInAgain(
            piece, ticket, because: AssemblyAIFault.presentable(text, apiKey: api.account.apiKey))
    }

    private func handInAgain(
        _ piece: PieceOfSpeech, _ ticket: EngineTicket, because text: String
    ) async throws -> EngineStep {
        logger.warning(
            "AssemblyAI gave a piece up",
            metadata: [
                "transcript": "\(ticket.id)", "attempt": "\(ticket.attempt)", "error": "\(text)",
            ])
        guard ticket.attempt < Self.maximumAttempts else { throw EngineError.unavailable(.transcriptionFailed) }
        return try await handIn(piece, replacing: ticket)
    }

    private func heard(_ segments: [Transcript.Segment], model: String?, _ piece: PieceOfSpeech) -> Recognition {
        let known = model.flatMap { $0.isEmpty ? nil : String($0.prefix(100)) }
        // Where they do not say which ran: the one that they would take now.
        let asked = models.names(for: piece.language, at: clock.now())[0]
        return Recognition(engine: Self.engineName, model: known ?? asked, segments: segments)
    }
}

import Egress
import Logging
import Postgres

/// Recognition by AssemblyAI: a piece is uploaded and handed in, asked for until it is done, and deleted there afterwards.
///
/// Guarantees: nothing that was handed in is handed in again because a poll failed, by this process or another that brings the
/// ticket; a piece is handed in three times at most, and again only when AssemblyAI gave it up or lost it; every wait and every try
/// is bounded by `AssemblyAILimits`. A hand-in whose answer is lost may have arrived, and then costs twice. A model name that is refused
/// fails nothing while another one is taken.
package struct AssemblyAIEngine: RecognitionEngine {
    package static let engineName = "assemblyai_universal_3"
    static let maximumAttempts = 3

    let api: AssemblyAIAPI
    let limits: AssemblyAILimits
    let clock: AssemblyAIClock
    let rateLimit: AssemblyAIRateLimit
    let models: AssemblyAIModels
    let refusals: EngineRefusals
    let logger: Logger

    /// - Parameter refusals: where it tells what AssemblyAI refuses; nil: in the log alone.
    package init(
        account: AssemblyAIAccount, client: EgressClient, limits: AssemblyAILimits = AssemblyAILimits(),
        clock: AssemblyAIClock = AssemblyAIClock(), refusals: EngineRefusals? = nil, logger: Logger
    ) {
        api = AssemblyAIAPI(account: account, limits: limits, client: client)
        self.limits = limits
        self.clock = clock
        rateLimit = AssemblyAIRateLimit(patience: limits.rateLimitPatience)
        models = AssemblyAIModels(account.models, memory: limits.refusedModelMemory)
        self.refusals = refusals ?? EngineRefusals(logger: logger)
        self.logger = logger
    }

    package func name() async throws -> String { Self.engineName }

    package func recognise(_ piece: PieceOfSpeech, ticket: EngineTicket?) async throws -> EngineStep {
        do {
            if let ticket, ticket.engine == Self.engineName { return try await ask(for: piece, ticket) }
            return try await handIn(piece, replacing: nil)
        } catch let fault as AssemblyAIFault {
            if case .refused(let status, let text) = fault {
                await refusals.note(
                    [EngineRefusals.anyRequest], by: Self.engineName, status: status, saying: text,
                    setting: "VERBATIM_ASSEMBLYAI_URL and VERBATIM_ASSEMBLYAI_API_KEY")
            }
            throw fault.engineError
        }
    }

    /// Deletes the transcript and its audio there. That they are gone already is no error, so it can be repeated.
    package func forget(_ ticket: EngineTicket) async throws {
        guard ticket.engine == Self.engineName else { return }
        do {
            try await api.delete(ticket.id)
        } catch let fault as AssemblyAIFault {
            throw fault.engineError
        }
    }

    /// Whether AssemblyAI answers and takes our key, for an operator who asks. Costs nothing: it asks for a transcript that cannot be.
    ///
    /// Throws ``EngineError``. It cannot tell whether the models are right, nor whether there is a balance: the first ``EngineRefusals`` knows.
    package func check() async throws {
        do {
            _ = try await api.transcript("00000000-0000-0000-0000-000000000000")
        } catch AssemblyAIFault.missing {
            return
        } catch let fault as AssemblyAIFault {
            throw fault.engineError
        }
    }

    /// Uploads the piece and has a transcript made of it. The new ticket does not release the old one: its copy is to be deleted too.
    func handIn(_ piece: PieceOfSpeech, replacing old: EngineTicket?) async throws -> EngineStep {
        guard AssemblyAILanguages.known.contains(piece.language) else {
            throw EngineError.unavailable(.languageUnsupported)
        }
        let answer: AssemblyAIAnswer
        do {
            let wav = try await piece.wav()
            let audio = try await tryingAgain { try await api.upload(wav) }
            answer = try await submit(audio, language: piece.language)
        } catch AssemblyAIFault.rateLimited(let pause) {
            if rateLimit.refused(at: clock.now()) { throw EngineError.unavailable(.rateLimited) }
            return .waiting(old, again: min(pause ?? limits.rateLimitPause, limits.longestRateLimitPause))
        }
        rateLimit.accepted()
        return .waiting(
            EngineTicket(
                engine: Self.engineName, id: answer.id, submittedAt: clock.now(), attempt: (old?.attempt ?? 0) + 1),
            again: limits.firstPoll + .milliseconds(piece.duration) / 120)
    }

    /// Makes a call, again after a while where its fault may pass, for as often as the schedule says.
    func tryingAgain<T>(_ call: () async throws -> T) async throws -> T {
        var generator = clock.generator
        var failures = 0
        while true {
            do {
                return try await call()
            } catch AssemblyAIFault.unavailable(let reason) {
                failures += 1
                let delay = limits.retries.delay(attempt: failures, using: &generator)
                logger.warning(
                    delay == nil ? "AssemblyAI failed for the last time" : "AssemblyAI failed; trying again",
                    metadata: ["reason": "\(reason.rawValue)", "tries": "\(failures)"])
                guard let delay else { throw AssemblyAIFault.unavailable(reason) }
                try await clock.sleep(delay)
            }
        }
    }
}

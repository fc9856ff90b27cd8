import Egress
import Logging
import Postgres

/// Recognition by AssemblyAI: a chunk is uploaded and handed in, asked for until it is done, and deleted there afterward.
///
/// Guarantees: nothing that was handed in is handed in again because a poll failed, by this process or another that brings the
/// ticket; a chunk is handed in three times at most, and again only when AssemblyAI gave it up or lost it; every wait and every try
/// is bounded by `AssemblyAILimits`. A hand-in whose answer is lost may have arrived, and then costs twice. A model name that is refused
/// fails nothing while another one is taken.
package struct AssemblyAIEngine: RecognitionEngine {
    package static let engineName = "assemblyai_universal_3"
    private static let maximumAttempts = 3

    private let api: AssemblyAIAPI
    private let limits: AssemblyAILimits
    private let clock: AssemblyAIClock
    private let rateLimit: AssemblyAIRateLimit
    private let models: AssemblyAIModels
    private let refusals: EngineRefusals
    private let logger: Logger

    /// - Parameter refusals: where it tells what AssemblyAI refuses; nil: in the log alone.
    package init(
        account: AssemblyAIAccount, client: EgressClient, limits: AssemblyAILimits = AssemblyAILimits(),
        clock: AssemblyAIClock = AssemblyAIClock(), refusals: EngineRefusals? = nil, logger: Logger
    ) {
        api = AssemblyAIAPI(account: account, limits: limits, client: client)
        self.limits = limits
        self.clock = clock
        rateLimit = AssemblyAIRateLimit(timeout: limits.rateLimitTimeout)
        models = AssemblyAIModels(account.models, memory: limits.refusedModelMemory)
        self.refusals = refusals ?? EngineRefusals(logger: logger)
        self.logger = logger
    }

    package func name() async throws -> String { Self.engineName }

    package func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
        do {
            if let ticket, ticket.engine == Self.engineName { return try await ask(for: chunk, ticket) }
            return try await handIn(chunk, replacing: nil)
        } catch let fault as AssemblyAIError {
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
        } catch let fault as AssemblyAIError {
            throw fault.engineError
        }
    }

    /// Whether AssemblyAI answers and takes our key, for an operator who asks. Costs nothing: it asks for a transcript that cannot be.
    ///
    /// Throws ``EngineError``. It cannot tell whether the models are right, nor whether there is a balance: the first ``EngineRefusals`` knows.
    package func check() async throws {
        do {
            _ = try await api.transcript("00000000-0000-0000-0000-000000000000")
        } catch AssemblyAIError.missing {
            return
        } catch let fault as AssemblyAIError {
            throw fault.engineError
        }
    }

    /// Uploads the chunk and has a transcript made of it. The new ticket does not release the old one: its copy is to be deleted too.
    private func handIn(_ chunk: SpeechChunk, replacing old: EngineTicket?) async throws -> EngineStep {
        guard AssemblyAILanguages.known.contains(chunk.language) else {
            throw EngineError.unavailable(.languageUnsupported)
        }
        let answer: AssemblyAIResponse
        do {
            let wav = try await chunk.wav()
            let audio = try await tryingAgain { try await api.upload(wav) }
            answer = try await submit(audio, language: chunk.language)
        } catch AssemblyAIError.rateLimited(let pause) {
            if rateLimit.refused(at: clock.now()) { throw EngineError.unavailable(.rateLimited) }
            return .waiting(old, again: min(pause ?? limits.rateLimitPause, limits.longestRateLimitPause))
        }
        rateLimit.accepted()
        return .waiting(
            EngineTicket(
                engine: Self.engineName, id: answer.id, submittedAt: clock.now(), attempt: (old?.attempt ?? 0) + 1),
            again: limits.firstPoll + .milliseconds(chunk.duration) / 120)
    }

    /// Makes a call, again after a while where its fault may pass, for as often as the schedule says.
    private func tryingAgain<T>(_ call: () async throws -> T) async throws -> T {
        var generator = clock.generator
        var failures = 0
        while true {
            do {
                return try await call()
            } catch AssemblyAIError.unavailable(let reason) {
                failures += 1
                let delay = limits.retries.delay(attempt: failures, using: &generator)
                logger.warning(
                    delay == nil ? "AssemblyAI failed for the last time" : "AssemblyAI failed; trying again",
                    metadata: ["reason": "\(reason.rawValue)", "tries": "\(failures)"])
                guard let delay else { throw AssemblyAIError.unavailable(reason) }
                try await clock.sleep(delay)
            }
        }
    }
}

// Which model a chunk is handed in for.

extension AssemblyAIEngine {
    /// Has a transcript made of what was uploaded, by the models that AssemblyAI takes: when a list is refused, by what is left of it. A
    /// refused call costs nothing, and there are at most twice as many as there are names, and one.
    ///
    /// Throws ``EngineError`` where that is told to the operator already.
    private func submit(_ audio: String, language: String) async throws -> AssemblyAIResponse {
        let asked = models.names(for: language, at: clock.now())
        var trial = AssemblyAIModels.Trial(asked)
        var refusal: (status: Int, text: String)?
        var isLanguage = false
        while true {
            do {
                let answer = try await submit(audio, language: language, models: trial.names)
                let out = models.took(trial.names, for: language, at: clock.now())
                // Only what this chunk found out, and not what was remembered; where a language was the reason, nothing is wrong.
                if let refusal, !isLanguage {
                    await note(out.filter(asked.contains), refusal)
                }
                await refusals.accepted(trial.names + [EngineRefusals.anyRequest], by: Self.engineName)
                return answer
            } catch AssemblyAIError.refused(let status, let text) where status == 400 || status == 422 {
                refusal = refusal ?? (status, text)
                if trial.advance(after: text) { continue }
                models.refused(language)
                if isLanguage { throw AssemblyAIError.languageUnsupported }
                await note(asked, refusal ?? (status, text))
                throw AssemblyAIError.refused(status: status, text: text).engineError
            } catch AssemblyAIError.languageUnsupported {
                // The list was understood, and none of it knows the language; but a part of a list says nothing of the rest.
                isLanguage = true
                if refusal != nil, trial.advance(after: "") { continue }
                models.refused(language)
                throw AssemblyAIError.languageUnsupported
            }
        }
    }

    private func submit(_ audio: String, language: String, models: [String]) async throws -> AssemblyAIResponse {
        try await tryingAgain {
            // Whoever does not wait any more shall not pay for it …
            try Task.checkCancellation()
            // … but what was begun goes to its end: an answer that nobody hears is a chunk paid for and lost.
            return try await Task { try await api.submit(audio, language: language, models: models) }.value
        }
    }

    private func note(_ names: [String], _ refusal: (status: Int, text: String)) async {
        await refusals.note(
            names, by: Self.engineName, status: refusal.status, saying: refusal.text,
            setting: "VERBATIM_ASSEMBLYAI_MODELS")
    }
}

// Asking for a chunk that was handed in.

extension AssemblyAIEngine {
    private func ask(for chunk: SpeechChunk, _ ticket: EngineTicket) async throws -> EngineStep {
        let answer: AssemblyAIResponse
        // Only the poll: what goes wrong with handing in again is no matter of the old ticket's.
        do {
            answer = try await api.transcript(ticket.id)
        } catch AssemblyAIError.missing {
            return try await handInAgain(chunk, ticket, because: "there is no such transcript any more")
        } catch AssemblyAIError.rateLimited(let pause) {
            return try wait(for: chunk, ticket, orGiveUp: .rateLimited, atLeast: pause ?? limits.rateLimitPause)
        } catch AssemblyAIError.unavailable(let reason) {
            // The chunk is theirs and lost only when they say so: handing it in again would bill it twice.
            logger.info("AssemblyAI did not answer a poll", metadata: ["reason": "\(reason.rawValue)"])
            return try wait(for: chunk, ticket, orGiveUp: reason)
        }
        switch answer.status {
        case .unfinished: return try wait(for: chunk, ticket, orGiveUp: .timeout)
        case .completed: return .heard(heard(answer.segments(within: chunk.duration), model: answer.model, chunk))
        case .failed: return try await failed(answer.error ?? "", chunk, ticket)
        }
    }

    /// Puts the next poll off, the longer the chunk has been there, or gives the chunk up once it has been there for too long.
    private func wait(
        for chunk: SpeechChunk, _ ticket: EngineTicket, orGiveUp reason: FallbackReason,
        atLeast pause: Duration = .zero
    ) throws -> EngineStep {
        // Another machine's clock may have written the ticket.
        let age = max(.zero, clock.now() - ticket.submittedAt)
        if age >= limits.timeout + .milliseconds(chunk.duration) * 2 { throw EngineError.unavailable(reason) }
        let delay = min(.seconds(1) + age * limits.pollGrowth, limits.slowestPoll)
        var generator = clock.generator
        let varied = delay * Double.random(in: 1 - limits.pollJitter...1 + limits.pollJitter, using: &generator)
        return .waiting(ticket, again: max(varied, min(pause, limits.longestRateLimitPause)))
    }

    /// What they say when a transcript ends with the status `error`. Some of it is about the audio, and final.
    private func failed(_ text: String, _ chunk: SpeechChunk, _ ticket: EngineTicket) async throws -> EngineStep {
        let lowercased = text.lowercased()
        if lowercased.contains("audio duration is too short") || lowercased.contains("no spoken audio") {
            return .heard(heard([], model: nil, chunk))
        }
        if lowercased.contains("does not appear to contain audio") || lowercased.contains("transcoding failed") {
            throw EngineError.invalidAudio(.decodeFailed)
        }
        return try await handInAgain(
            chunk, ticket, because: AssemblyAIError.presentable(text, apiKey: api.account.apiKey))
    }

    private func handInAgain(
        _ chunk: SpeechChunk, _ ticket: EngineTicket, because text: String
    ) async throws -> EngineStep {
        logger.warning(
            "AssemblyAI gave up on a chunk",
            metadata: [
                "transcript": "\(ticket.id)", "attempt": "\(ticket.attempt)", "error": "\(text)",
            ])
        guard ticket.attempt < Self.maximumAttempts else { throw EngineError.unavailable(.transcriptionFailed) }
        return try await handIn(chunk, replacing: ticket)
    }

    private func heard(_ segments: [Transcript.Segment], model: String?, _ chunk: SpeechChunk) -> Recognition {
        let known = model.flatMap { $0.isEmpty ? nil : String($0.prefix(100)) }
        // Where they do not say which ran: the one that they would take now.
        let asked = models.names(for: chunk.language, at: clock.now())[0]
        return Recognition(engine: Self.engineName, model: known ?? asked, segments: segments)
    }
}

/// Which of our languages AssemblyAI recognizes, by the codes that both use.
enum AssemblyAILanguages {
    /// Those of `universal-2`, the model that knows the most: Whisper's without Cantonese.
    ///
    /// Written out, because a language that Whisper learns later is not thereby known there.
    static let known: Set<String> = Set(
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it \
        ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn \
        so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

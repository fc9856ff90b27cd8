import Egress
import Logging
import Postgres

/// Recognition by AssemblyAI. It uploads and submits a chunk, polls until the transcript is done, and later deletes it there.
///
/// Guarantees:
/// - A failed poll never submits a chunk again, in this process or in another one that has the ticket.
/// - A chunk is submitted at most three times, and again only if AssemblyAI gave it up or lost it.
/// - `AssemblyAILimits` limits every wait and every retry.
/// - A rejected model name fails nothing as long as another one is accepted.
///
/// If the answer to a submission is lost, the submission may have arrived all the same, and is then billed twice.
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

    /// - Parameter refusals: Reports what AssemblyAI rejects; nil: only to the log.
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

    /// Deletes the transcript and its audio at AssemblyAI. Succeeds if they are already deleted, so it can be repeated.
    package func forget(_ ticket: EngineTicket) async throws {
        guard ticket.engine == Self.engineName else { return }
        do {
            try await api.delete(ticket.id)
        } catch let fault as AssemblyAIError {
            throw fault.engineError
        }
    }

    /// Checks for an operator whether AssemblyAI answers and accepts our key. It is free, because it asks for a transcript that cannot exist.
    ///
    /// It cannot check the models (see ``EngineRefusals``) or the account's balance.
    ///
    /// - Throws: ``EngineError``.
    package func check() async throws {
        do {
            _ = try await api.transcript("00000000-0000-0000-0000-000000000000")
        } catch AssemblyAIError.missing {
            return
        } catch let fault as AssemblyAIError {
            throw fault.engineError
        }
    }

    /// Uploads and submits the chunk. If the new ticket replaces an old one, the copy at AssemblyAI that the old one names still exists and
    /// must be deleted, too.
    private func handIn(_ chunk: SpeechChunk, replacing old: EngineTicket?) async throws -> EngineStep {
        if chunk.isOnlyAskedFor { return .needsSlot }
        guard AssemblyAILanguages.known.contains(chunk.language) else {
            throw EngineError.unavailable(.languageUnsupported)
        }
        let answer: AssemblyAIResponse
        do {
            let wav = try await chunk.wav()
            let audio = try await tryingAgain { try await api.upload(wav) }
            answer = try await submit(audio, of: chunk)
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

    /// Makes a call, and repeats it after temporary errors as often as the schedule says.
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

// Submitting a chunk, and choosing the models for it.

extension AssemblyAIEngine {
    /// Submits an uploaded recording. If AssemblyAI rejects the list of models, tries shorter lists. Rejected calls are free, and there
    /// are at most twice as many calls as model names, plus one.
    ///
    /// - Throws: ``AssemblyAIError``; ``EngineError`` if the operator was already told.
    private func submit(_ audio: String, of chunk: SpeechChunk) async throws -> AssemblyAIResponse {
        let language = chunk.language
        var keyTerms = chunk.keyTerms
        let asked = models.names(for: language, at: clock.now())
        var trial = AssemblyAIModels.Trial(asked)
        var refusal: (status: Int, text: String)?
        var isLanguage = false
        while true {
            do {
                let answer = try await submit(audio, language: language, models: trial.names, keyTerms: keyTerms)
                let out = models.took(trial.names, for: language, at: clock.now())
                // Report only names that this chunk found to be rejected, not remembered ones; and nothing if the reason was the language.
                if let refusal, !isLanguage {
                    await note(out.filter(asked.contains), refusal)
                }
                await refusals.accepted(trial.names + [EngineRefusals.anyRequest], by: Self.engineName)
                return answer
            } catch AssemblyAIError.refused(let status, let text)
                where (status == 400 || status == 422) && !keyTerms.isEmpty && text.lowercased().contains("keyterm")
            {
                // They are a hint. What a customer wrote must not look like a fault of our settings.
                logger.notice("AssemblyAI rejects a job's key terms; going on without them")
                keyTerms = []
            } catch AssemblyAIError.refused(let status, let text) where status == 400 || status == 422 {
                refusal = refusal ?? (status, text)
                if trial.advance(after: text) { continue }
                models.refused(language)
                if isLanguage { throw AssemblyAIError.languageUnsupported }
                await note(asked, refusal ?? (status, text))
                throw AssemblyAIError.refused(status: status, text: text).engineError
            } catch AssemblyAIError.languageUnsupported {
                // AssemblyAI knows these models, and none of them knows the language. If this list is only a part of the whole one, try
                // the rest, too.
                isLanguage = true
                if refusal != nil, trial.advance(after: "") { continue }
                models.refused(language)
                throw AssemblyAIError.languageUnsupported
            }
        }
    }

    private func submit(
        _ audio: String, language: String, models: [String], keyTerms: [String]
    ) async throws -> AssemblyAIResponse {
        try await tryingAgain {
            // A cancelled task must not start a call that is billed …
            try Task.checkCancellation()
            // … but a call that has started is finished: without its answer the chunk would be paid for and lost.
            return try await Task {
                try await api.submit(audio, language: language, models: models, keyTerms: keyTerms)
            }.value
        }
    }

    private func note(_ names: [String], _ refusal: (status: Int, text: String)) async {
        await refusals.note(
            names, by: Self.engineName, status: refusal.status, saying: refusal.text,
            setting: "VERBATIM_ASSEMBLYAI_MODELS")
    }
}

// Polling a chunk that was submitted.

extension AssemblyAIEngine {
    private func ask(for chunk: SpeechChunk, _ ticket: EngineTicket) async throws -> EngineStep {
        let answer: AssemblyAIResponse
        // Only the poll is inside `do`: errors of a new submission have nothing to do with the old ticket.
        do {
            answer = try await api.transcript(ticket.id)
        } catch AssemblyAIError.missing {
            return try await handInAgain(chunk, ticket, because: "the transcript no longer exists")
        } catch AssemblyAIError.rateLimited(let pause) {
            return try wait(for: chunk, ticket, orGiveUp: .rateLimited, atLeast: pause ?? limits.rateLimitPause)
        } catch AssemblyAIError.unavailable(let reason) {
            // AssemblyAI still has the chunk unless it says otherwise. Submitting it again would bill it twice.
            logger.info("AssemblyAI did not answer a poll", metadata: ["reason": "\(reason.rawValue)"])
            return try wait(for: chunk, ticket, orGiveUp: reason)
        }
        switch answer.status {
        case .unfinished: return try wait(for: chunk, ticket, orGiveUp: .timeout)
        case .completed: return .heard(heard(answer.segments(within: chunk.duration), model: answer.model, chunk))
        case .failed: return try await failed(answer.error ?? "", chunk, ticket)
        }
    }

    /// Schedules the next poll: the older the submission, the later. Gives the chunk up if the submission is too old.
    ///
    /// - Throws: `EngineError.unavailable(reason)` if it gives up.
    private func wait(
        for chunk: SpeechChunk, _ ticket: EngineTicket, orGiveUp reason: FallbackReason,
        atLeast pause: Duration = .zero
    ) throws -> EngineStep {
        // The time in the ticket may be from another machine, whose clock may be ahead.
        let age = max(.zero, clock.now() - ticket.submittedAt)
        if age >= limits.timeout + .milliseconds(chunk.duration) * 2 { throw EngineError.unavailable(reason) }
        let delay = min(.seconds(1) + age * limits.pollGrowth, limits.slowestPoll)
        var generator = clock.generator
        let varied = delay * Double.random(in: 1 - limits.pollJitter...1 + limits.pollJitter, using: &generator)
        return .waiting(ticket, again: max(varied, min(pause, limits.longestRateLimitPause)))
    }

    /// Handles a transcript that ended with the status `error`. Errors about the audio itself are final; after others the chunk is
    /// submitted again.
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
        // If the answer doesn't name the model that ran, take the one that would be requested first now.
        let asked = models.names(for: chunk.language, at: clock.now())[0]
        return Recognition(engine: Self.engineName, model: known ?? asked, segments: segments)
    }
}

/// The languages that AssemblyAI recognizes, by the codes that both it and Whisper use.
enum AssemblyAILanguages {
    /// The languages of `universal-2`, the model with the most languages. They are those of Whisper, except Cantonese.
    ///
    /// They are listed here, because AssemblyAI doesn't necessarily know a language that Whisper learns later.
    static let known: Set<String> = Set(
        """
        af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it \
        ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn \
        so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh
        """.split(whereSeparator: \.isWhitespace).map(String.init))
}

import Postgres

// Which model a piece is handed in for.

extension AssemblyAIEngine {
    /// Has a transcript made of what was uploaded, by the models that AssemblyAI takes: when a list is refused, by what is left of it. A
    /// refused call costs nothing, and there are at most twice as many as there are names, and one.
    ///
    /// Throws ``EngineError`` where that is told to the operator already.
    func submit(_ audio: String, language: String) async throws -> AssemblyAIAnswer {
        let asked = models.names(for: language, at: clock.now())
        var trial = AssemblyAIModels.Trial(asked)
        var refusal: (status: Int, text: String)?
        var isLanguage = false
        while true {
            do {
                let answer = try await submit(audio, language: language, models: trial.names)
                let out = models.took(trial.names, for: language, at: clock.now())
                // Only what this piece found out, and not what was remembered; where a language was the reason, nothing is wrong.
                if let refusal, !isLanguage {
                    await note(out.filter(asked.contains), refusal)
                }
                await refusals.accepted(trial.names + [EngineRefusals.anyRequest], by: Self.engineName)
                return answer
            } catch AssemblyAIFault.refused(let status, let text) where status == 400 || status == 422 {
                refusal = refusal ?? (status, text)
                if trial.advance(after: text) { continue }
                models.refused(language)
                if isLanguage { throw AssemblyAIFault.languageUnsupported }
                await note(asked, refusal ?? (status, text))
                throw AssemblyAIFault.refused(status: status, text: text).engineError
            } catch AssemblyAIFault.languageUnsupported {
                // The list was understood, and none of it knows the language; but a part of a list says nothing of the rest.
                isLanguage = true
                if refusal != nil, trial.advance(after: "") { continue }
                models.refused(language)
                throw AssemblyAIFault.languageUnsupported
            }
        }
    }

    private func submit(_ audio: String, language: String, models: [String]) async throws -> AssemblyAIAnswer {
        try await tryingAgain {
            // Whoever does not wait any more shall not pay for it …
            try Task.checkCancellation()
            // … but what was begun goes to its end: an answer that nobody hears is a piece paid for and lost.
            return try await Task { try await api.submit(audio, language: language, models: models) }.value
        }
    }

    private func note(_ names: [String], _ refusal: (status: Int, text: String)) async {
        await refusals.note(
            names, by: Self.engineName, status: refusal.status, saying: refusal.text,
            setting: "VERBATIM_ASSEMBLYAI_MODELS")
    }
}

/// A line at the top of a document that says how the transcript was made, for readers without access to the API.
struct TranscriptFact {
    let label: StaticString
    let value: String
}

extension Transcript {
    /// The facts, always in English and in this order, without those that don't apply.
    var facts: [TranscriptFact] {
        let code = language.onOneLine
        var facts = [
            TranscriptFact(label: "Duration", value: ClockTime(milliseconds: durationMilliseconds).text),
            TranscriptFact(label: "Language", value: LanguageName.english(code).map { "\($0) (\(code))" } ?? code),
            TranscriptFact(label: "Engine", value: engine.onOneLine),
            TranscriptFact(label: "Model", value: model.onOneLine),
        ]
        if let fallback {
            let parts = fallback.chunks == 1 ? "1 part" : "\(fallback.chunks) parts"
            let value = "\(parts), instead of \(fallback.from.onOneLine) (\(fallback.reason.onOneLine))"
            facts.append(TranscriptFact(label: "Fallback", value: value))
        }
        facts.append(TranscriptFact(label: "Diarization", value: diarization.onOneLine))
        if !speakers.isEmpty { facts.append(TranscriptFact(label: "Speakers", value: String(speakers.count))) }
        facts.append(TranscriptFact(label: "Job", value: jobID.onOneLine))
        return facts
    }
}

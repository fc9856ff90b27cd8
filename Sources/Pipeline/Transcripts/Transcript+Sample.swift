extension Transcript {
    /// The length of the sample's recording, in milliseconds.
    static let sampleMilliseconds: Int64 = 11_600
    static let sampleEngine = "simulated"

    /// The transcript of every test key's job: a short talk of two speakers. Nobody said it.
    static func sample(of job: String) -> Transcript {
        Transcript(
            jobID: job, language: "en", languageConfidence: 0.99, durationMilliseconds: sampleMilliseconds,
            engine: sampleEngine, model: sampleEngine, diarization: "channels", speakers: ["speaker_0", "speaker_1"],
            segments: [
                sentence("Good morning, this is the test line.", by: "speaker_0", from: 400),
                sentence("Hello! Can you hear me on the other channel?", by: "speaker_1", from: 3_200),
                sentence("Loud and clear.", by: "speaker_0", from: 7_000),
                sentence("Then everything works as it should.", by: "speaker_1", from: 8_600),
            ])
    }

    /// A sentence whose words take 360 milliseconds each, with pauses of 40.
    private static func sentence(_ text: String, by speaker: String, from start: Int64) -> Segment {
        let words = text.split(separator: " ").enumerated().map { index, word in
            let begin = start + Int64(index) * 400
            return Word(text: String(word), start: begin, end: begin + 360, confidence: 0.98)
        }
        return Segment(
            speaker: speaker, speakerConfidence: 1, start: start, end: words.last?.end ?? start, text: text,
            confidence: 0.98, words: words)
    }
}

import Pipeline

/// Ten hours of two people talking, as a recognizer with diarization writes it: 100,000 words in sentences, the same
/// at every run.
enum TenHours {
    private static let words = [
        "the", "river", "of", "and", "we", "house", "because", "to", "a", "morning", "in", "that", "it", "remember",
        "was", "I", "water", "for", "they", "you", "nothing", "said", "with", "as", "his", "village", "on", "but",
    ]

    static func transcript() -> Transcript {
        let duration: Int64 = 36_000_000
        let count = 100_000
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var segments: [Transcript.Segment] = []
        var spoken: [Transcript.Word] = []
        var speaker = "speaker_0"
        for index in 0..<count {
            let start = duration * Int64(index) / Int64(count)
            let sentenceEnds = random(12) == 0
            spoken.append(
                Transcript.Word(
                    text: words[random(words.count)] + (sentenceEnds ? "." : random(9) == 0 ? "," : ""),
                    start: start, end: start + 300, confidence: Double(random(10_000)) / 10_000))
            guard sentenceEnds && spoken.count > 6 || index == count - 1 else { continue }
            segments.append(
                Transcript.Segment(
                    speaker: speaker, speakerConfidence: 0.87, start: spoken[0].start, end: start + 300,
                    text: spoken.joinedText, confidence: 0.9, words: spoken))
            spoken = []
            if random(3) == 0 { speaker = speaker == "speaker_0" ? "speaker_1" : "speaker_0" }
        }
        return Transcript(
            jobID: "job_01J0000000000000000000000", language: "en", languageConfidence: 0.99,
            durationMilliseconds: duration, engine: "whisper_large_v3", model: "large-v3",
            diarization: "segmentation-3.0+campplus", speakers: ["speaker_0", "speaker_1"], segments: segments)
    }
}

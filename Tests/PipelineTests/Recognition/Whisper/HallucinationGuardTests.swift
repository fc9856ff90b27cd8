import Pipeline
import TestSupport
import Testing

@Suite struct HallucinationGuardTests {
    /// A segment that says `text` from `start`, a third of a second a word.
    static func segment(
        _ text: String, at start: Int64 = 0, ratio: Double? = nil, noSpeech: Double? = nil, probability: Double? = nil,
        words: Double? = nil, temperature: Double? = nil
    ) -> WhisperSegment {
        let words_ = text.split(separator: " ").enumerated().map { index, word in
            Transcript.Word(
                text: String(word), start: start + Int64(index) * 333, end: start + Int64(index) * 333 + 300)
        }
        return WhisperSegment(
            start: start, end: words_.last?.end ?? start, words: words_, averageLogProbability: probability,
            noSpeechProbability: noSpeech, compressionRatio: ratio, temperature: temperature, wordProbability: words)
    }

    static func texts(_ segments: [WhisperSegment], speech: [Range<Int64>] = []) -> [String] {
        HallucinationGuard(speech: speech).judged(segments).kept.map(\.transcribed.text)
    }

    // Figures that Whisper base gave: invention over 60 s of silence and of music, then true words of mumbled speech.
    @Test(
        arguments: [
            (0.95, -0.71, 0.12, 0, false), (0.57, -1.34, 0.43, 1, false), (0.50, -2.38, 0.13, 1, false),
            (0.52, -1.87, 0.88, 1, false), (0.46, -1.19, 0.51, 1, false), (0.93, -1.1, 0.5, 0, false),
            (0.19, -0.76, 0.24, 0, true), (0.41, -0.25, 0.94, 0, true), (0.04, -0.67, 0.47, 0, true),
            (0.2, -0.8, 0.5, 1, true), (0.3, -1.2, 0.6, 0.8, true),
        ] as [(Double, Double, Double, Double, Bool)])
    func `two witnesses are needed to call words invented`(
        noSpeech: Double, probability: Double, words: Double, temperature: Double, isKept: Bool
    ) {
        let segment = Self.segment(
            "Some words.", noSpeech: noSpeech, probability: probability, words: words, temperature: temperature)
        #expect(Self.texts([segment]) == (isKept ? ["Some words."] : []))
    }

    @Test func `a server that tells fewer figures is judged by those`() {
        #expect(Self.texts([Self.segment("Thanks for watching!", noSpeech: 0.7, probability: -1.2)]) == [])
        #expect(Self.texts([Self.segment("Hello.", noSpeech: 0.9)]) == ["Hello."])
        #expect(Self.texts([Self.segment("Hello.", probability: -3)]) == ["Hello."])
        #expect(Self.texts([Self.segment("Hello.")]) == ["Hello."])
        #expect(
            Self.texts([Self.segment("Hello.", noSpeech: .nan, probability: .nan, words: .nan, temperature: .nan)]) == [
                "Hello."
            ])
    }

    @Test func `what is said where nobody speaks is dropped, with half a second's grace`() {
        let segments = [
            Self.segment("Hello there.", at: 1000), Self.segment("Invented.", at: 5000), Self.segment("Yes.", at: 9300),
        ]
        #expect(Self.texts(segments, speech: [800..<1200, 9900..<12_000]) == ["Hello there.", "Yes."])
        #expect(Self.texts(segments, speech: [0..<1]) == [])
        #expect(Self.texts(segments) == ["Hello there.", "Invented.", "Yes."])
    }

    @Test func `figures and spans condemn no words beside those they are of`() {
        let invented = Self.segment("You", at: 2000, noSpeech: 0.95, probability: -1.7, words: 0.12)
        let said = [
            Self.segment("Before it.", at: 0, noSpeech: 0.1), Self.segment("After it.", at: 4000, noSpeech: 0.1),
        ]
        #expect(HallucinationGuard(speech: []).judged([said[0], invented, said[1]]).kept == said)
    }
}

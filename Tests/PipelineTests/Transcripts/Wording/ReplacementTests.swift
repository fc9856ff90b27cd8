import Pipeline
import Testing

@Suite struct ReplacementTests {
    private static func replaced(
        _ segment: Transcript.Segment, _ replacements: [(from: [String], to: String)]
    ) -> Transcript.Segment {
        var options = WordOptions()
        options.replacements = replacements.map { WordReplacement(from: $0.from, to: $0.to) }
        return Samples.transcript([segment]).worded(by: options).segments[0]
    }

    @Test func `whole words are found in any case, and what is around them stays`() {
        let segment = Samples.segment(
            "So Cooper netties, (cooper Netties) and COOPER. Netties or coopernetties!", pace: 100)
        let result = Self.replaced(segment, [(["cooper netties"], "Kubernetes")])
        #expect(result.text == "So Kubernetes, (Kubernetes) and COOPER. Netties or coopernetties!")
        #expect(result.words.map(\.text).joined(separator: " ") == result.text)
    }

    @Test func `a replacement has the time of what it stands for`() {
        let segment = Samples.segment("in cooper netties we trust", at: 1_000, pace: 300)
        let one = Self.replaced(segment, [(["cooper netties"], "Kubernetes")]).words
        #expect(one.map(\.text) == ["in", "Kubernetes", "we", "trust"])
        #expect((one[1].start, one[1].end) == (1_300, 1_900))
        let two = Self.replaced(segment, [(["cooper netties"], "Cooper Nettis")]).words
        #expect(two[1] == .init(text: "Cooper", start: 1_300, end: 1_600, confidence: 0.9))
        #expect(two[2] == .init(text: "Nettis", start: 1_600, end: 1_900, confidence: 0.9))
        let more = Self.replaced(segment, [(["we"], "all of us")]).words
        #expect(more.map(\.text) == ["in", "cooper", "netties", "all", "of", "us", "trust"])
        #expect(more[3].start == 1_900 && more[5].end == 2_200)
        #expect(zip(more, more.dropFirst()).allSatisfy { $0.end <= $1.start })
    }

    @Test func `replacements are made in their order, and none in what one wrote`() {
        let segment = Samples.segment("a b")
        #expect(Self.replaced(segment, [(["a"], "b"), (["b"], "c")]).text == "b c")
        #expect(Self.replaced(segment, [(["a"], "a a")]).text == "a a b")
        #expect(Self.replaced(segment, [(["a b"], "x"), (["b"], "c")]).text == "x")
        #expect(Self.replaced(segment, [(["b"], "c"), (["a b"], "x")]).text == "a c")
        #expect(Self.replaced(segment, [(["a", "a b"], "x")]).text == "x b")
    }

    @Test func `many replacements that write what they look for do not multiply it`() {
        let segment = Samples.segment("a b")
        #expect(Self.replaced(segment, (0..<20).map { _ in (["a"], "a a") }).text == "a a b")
        #expect(Self.replaced(segment, (0..<200).map { (["a", "b\($0)"], "b\($0 + 1)") }).text == "b1 b")
    }

    @Test func `nothing is found across segments or in half a word, and nothing else changes`() {
        let segments = [Samples.segment("the end cooper"), Samples.segment("netties of it", at: 5_000)]
        var options = WordOptions()
        options.replacements = [WordReplacement(from: ["cooper netties", "en", "ti"], to: "x")]
        let transcript = Samples.transcript(segments)
        #expect(transcript.worded(by: options) == transcript)
    }

    @Test func `a text without words is replaced as well`() {
        let segment = Samples.segment("So Cooper Netties, again", words: false)
        let result = Self.replaced(segment, [(["cooper netties"], "Kubernetes")])
        #expect(result.text == "So Kubernetes, again" && result.words.isEmpty)
    }

    @Test func `accents count, however they are written`() {
        let segment = Samples.segment("Re\u{301}sume\u{301} resume")
        #expect(Self.replaced(segment, [(["résumé"], "CV")]).text == "CV resume")
    }

    @Test func `whatever the words, times stay in order and nothing is lost`() throws {
        var options = WordOptions()
        options.replacements = [
            WordReplacement(from: ["the", "went", "two words"], to: "some long words here"),
            WordReplacement(from: ["a river", "houses"], to: "x"),
        ]
        for seed in 0..<300 {
            var random = RandomTranscript(seed: UInt64(seed), wild: false)
            var transcript = random.transcript().ordered()
            // NaN equals nothing.
            transcript.languageConfidence = nil
            let result = transcript.worded(by: options)
            try #require(result.segments.count == transcript.segments.count)
            // It keeps the promise of `ordered`.
            try #require(result.ordered() == result, "seed \(seed)")
        }
    }
}

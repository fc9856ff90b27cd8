import Pipeline
import TestSupport
import Testing

@Suite struct HallucinationLoopsTests {
    private static func texts(_ texts: String..., ratio: Double? = nil) -> [String] {
        var start: Int64 = 0
        let segments = texts.map { text in
            let segment = HallucinationGuardTests.segment(text, at: start, ratio: ratio)
            start = segment.end + 100
            return segment
        }
        return HallucinationGuardTests.texts(segments)
    }

    private static func many(_ text: String, _ count: Int) -> String {
        Array(repeating: text, count: count).joined(separator: " ")
    }

    @Test(
        arguments: [
            ("la la la la", "la"), (many("the", 20), "the"), (many("Thank you.", 6), "Thank you."),
            ("So I said " + many("no,", 30) + " and left.", "So I said no, and left."),
            (many("I love you.", 5) + " I love", "I love you."), ("la di la di la di la di la da", "la di la da"),
            ("I love you. " + many("Thank you.", 5), "I love you. Thank you."),
            (many("He went to the house.", 4), "He went to the house."),
            ("Well: " + String(repeating: "ha", count: 100), "Well:"),
        ] as [(String, String)])
    func `a loop is said once`(looped: String, once: String) {
        #expect(Self.texts(looped, ratio: 3) == [once])
        #expect(Self.texts(looped) == [once])
    }

    @Test(arguments: [
        "No, no, no.", "It was very very good.", "one two three four five six seven eight nine ten",
        "Row, row, row your boat gently down the stream.", "Ring the bells. Ring the bells that still can ring.",
        "We will rock you. We will rock you.", "Bye. Bye bye.", "zero zero 4 4 4 4 4 7", "had had had",
        "ha ha ha hahahaha",
    ])
    func `what people do repeat stays, even in a window that repeats itself`(text: String) {
        #expect(Self.texts(text, ratio: 5) == [text])
        #expect(Self.texts(text) == [text])
    }

    @Test(arguments: ["no no no no no no", "Thank you. Thank you. Thank you. Thank you.", "la la la la"])
    func `in a window that does not repeat itself, more is needed`(text: String) {
        #expect(Self.texts(text, ratio: 1.4) == [text])
        #expect(Self.texts(Self.many(text, 5), ratio: 1.4) != [Self.many(text, 5)])
    }

    @Test func `a sentence over several segments is said once, and the others are gone`() {
        #expect(
            Self.texts("Hello.", "Please see the review.", "Please see the review.", "Please see the review.", "Bye.")
                == ["Hello.", "Please see the review.", "Bye."])
    }

    @Test func `a refrain sung twice stays, with the verse between`() {
        let song = [
            "We shall overcome some day.", "We shall overcome some day.", "Deep in my heart I do believe.",
            "We shall overcome some day.",
        ]
        #expect(
            HallucinationGuardTests.texts(
                song.enumerated().map { HallucinationGuardTests.segment($1, at: Int64($0) * 3000, ratio: 2.8) }) == song
        )
    }

    @Test func `a good sentence in the window of a loop stays`() {
        #expect(
            Self.texts("This is what he said.", Self.many("okay", 40), "And then he went home.", ratio: 6)
                == ["This is what he said.", "okay", "And then he went home."])
    }

    @Test func `a listener's yeah every few seconds is no loop`() {
        let yeahs = (0..<12).map { HallucinationGuardTests.segment("Yeah.", at: $0 * 4000, ratio: 4) }
        #expect(HallucinationGuardTests.texts(yeahs).count == 12)
    }

    @Test func `segments keep to the words that they have left`() {
        let segment = HallucinationGuardTests.segment("Well " + Self.many("so", 12), at: 1000, ratio: 3)
        let kept = HallucinationGuard(speech: []).judged([segment]).kept
        #expect(kept.map(\.start) == [1000])
        #expect(kept.map(\.end) == [1633])
    }

    @Test func `text that repeats nothing is never touched`() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let words = (0..<Int.random(in: 1...80, using: &random)).map { "w\($0)x" }.shuffled(using: &random)
            let text = words.joined(separator: " ")
            #expect(Self.texts(text, ratio: Double.random(in: 0...9, using: &random)) == [text])
        }
    }

    @Test func `words are only ever taken out, and a second look finds nothing more`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<1000 {
            var start: Int64 = 0
            let segments = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                // Few different words, so that loops within loops arise.
                let words = (0..<Int.random(in: 1...25, using: &random)).map { _ in
                    ["a", "b", "b.", "c"].randomElement(using: &random) ?? ""
                }
                let segment = HallucinationGuardTests.segment(
                    words.joined(separator: " "), at: start, ratio: [nil, 1, 3].randomElement(using: &random) ?? nil)
                start = segment.end + Int64.random(in: 0...2500, using: &random)
                return segment
            }
            let guarding = HallucinationGuard(speech: [])
            let kept = guarding.judged(segments).kept
            #expect(guarding.judged(kept).kept == kept)
            // Every start is one word's alone here, so what is kept is a part of what was said.
            let said = segments.flatMap(\.words)
            let left = kept.flatMap(\.words)
            #expect(said.filter { left.contains($0) } == left)
            #expect(Set(left.map { $0.text.prefix(1) }) == Set(said.map { $0.text.prefix(1) }))
        }
    }
}

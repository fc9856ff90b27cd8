import Pipeline
import TestSupport
import Testing

@Suite struct ChunkOverlapTests {
    /// Words of a quarter of a second each, from `start` ms on, with a number each, so that none is like another.
    private static func words(_ numbers: Range<Int>, shift: (Int) -> Int64 = { _ in 0 }) -> [Transcript.Word] {
        numbers.map { number in
            let start = Int64(number) * 250 + shift(number)
            return Transcript.Word(text: "w\(number)", start: start, end: start + 220)
        }
    }

    /// The words in segments of seven.
    private static func heard(_ words: [Transcript.Word]) -> [LeveledSegment] {
        stride(from: 0, to: words.count, by: 7).map { first in
            let part = Array(words[first..<min(words.count, first + 7)])
            return LeveledSegment(
                segment: Transcript.Segment(
                    start: part[0].start, end: part[part.count - 1].end, text: part.joinedText, words: part))
        }
    }

    private static func texts(_ heard: [LeveledSegment]) -> [String] {
        heard.flatMap { $0.segment.words.map(\.text) }
    }

    @Test func `two hearings of one source join without losing or doubling a word, however their times vary`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let seam = Int64.random(in: 20_000...40_000, using: &generator)
            let jitter = { (_: Int) in Int64.random(in: -120...120, using: &generator) }
            // Each side hears 2.5 s beyond the seam.
            let all = 0..<300
            let before = Self.words(all, shift: jitter).filter { $0.end <= seam + 2_500 }
            let after = Self.words(all, shift: jitter).filter { $0.start >= seam - 2_500 }
            let (kept, rest) = ChunkOverlap(at: seam).join(Self.heard(before), Self.heard(after))
            #expect(Self.texts(kept + rest) == all.map { "w\($0)" })
            let starts = (kept + rest).flatMap { $0.segment.words.map(\.start) }
            #expect(starts == starts.sorted())
        }
    }

    @Test func `a segment's text and times follow the words that it keeps`() throws {
        let (kept, rest) = ChunkOverlap(at: 5_000).join(Self.heard(Self.words(0..<28)), Self.heard(Self.words(12..<40)))
        for heard in kept + rest {
            #expect(heard.segment.text == heard.segment.words.joinedText)
            #expect(heard.segment.start == heard.segment.words.first?.start)
            #expect(heard.segment.end == heard.segment.words.last?.end)
        }
    }

    @Test func `a word that is said again and again is neither lost nor doubled`() {
        let words = (0..<40).map { Transcript.Word(text: "no", start: Int64($0) * 250, end: Int64($0) * 250 + 200) }
        for seam in stride(from: Int64(4_000), through: 6_000, by: 50) {
            let (kept, rest) = ChunkOverlap(at: seam).join(
                Self.heard(words.filter { $0.end <= seam + 2_500 }),
                Self.heard(words.filter { $0.start >= seam - 2_500 }))
            #expect((kept + rest).flatMap { $0.segment.words.map(\.start) } == words.map(\.start))
        }
    }

    @Test func `times that cross at the seam change no order`() {
        let before = [
            Transcript.Word(text: "we", start: 4_500, end: 4_900), .init(text: "a", start: 5_200, end: 5_400),
        ]
        let after = [Transcript.Word(text: "a", start: 5_000, end: 5_100), .init(text: "b", start: 5_150, end: 5_500)]
        let (kept, rest) = ChunkOverlap(at: 5_000).join(Self.heard(before), Self.heard(after))
        let transcript = Transcript(
            jobID: "job", language: "en", durationMilliseconds: 10_000, engine: "e", model: "m",
            segments: (kept + rest).map(\.segment)
        ).ordered()
        #expect(transcript.segments.flatMap(\.words).map(\.text) == ["we", "a", "b"])
        let starts = transcript.segments.flatMap(\.words).map(\.start)
        #expect(starts == starts.sorted())
    }

    @Test func `where the two sides heard different words, the seam decides`() {
        let before = [
            Transcript.Word(text: "left", start: 4_000, end: 4_400), .init(text: "lost", start: 5_200, end: 5_600),
        ]
        let after = [
            Transcript.Word(text: "gone", start: 4_300, end: 4_600), .init(text: "right", start: 5_300, end: 5_700),
        ]
        let (kept, rest) = ChunkOverlap(at: 5_000).join(Self.heard(before), Self.heard(after))
        #expect(Self.texts(kept) == ["left"])
        #expect(Self.texts(rest) == ["right"])
    }

    @Test func `text without words stays whole, on the side of its middle`() {
        func segment(_ start: Int64, _ end: Int64, _ text: String) -> LeveledSegment {
            LeveledSegment(segment: Transcript.Segment(start: start, end: end, text: text))
        }
        let (kept, rest) = ChunkOverlap(at: 5_000).join(
            [segment(0, 4_000, "a"), segment(4_800, 7_000, "b")],
            [segment(2_600, 4_000, "c"), segment(4_000, 8_000, "d")])
        #expect(kept.map(\.segment.text) == ["a"])
        #expect(rest.map(\.segment.text) == ["d"])
    }
}

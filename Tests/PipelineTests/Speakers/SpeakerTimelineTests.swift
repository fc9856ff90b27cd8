import Pipeline
import TestSupport
import Testing

@Suite struct SpeakerTimelineTests {
    private static func timeline(_ turns: (Double, Double, Int)...) -> SpeakerTimeline {
        SpeakerTimeline(turns: turns.compactMap { .init(seconds: [$0.0, $0.1], offset: 0, speaker: $0.2) })
    }

    private static func segment(_ words: (String, Int64, Int64)...) -> Transcript.Segment {
        let words = words.map { Transcript.Word(text: $0.0, start: $0.1, end: $0.2, confidence: 0.5) }
        return Transcript.Segment(
            start: words.first?.start ?? 0, end: words.last?.end ?? 0, text: words.joinedText, words: words)
    }

    @Test func `a segment is split where the speaker changes, and speakers count from the first who speaks`() {
        let timeline = Self.timeline((0, 2, 7), (2, 4, 3))
        let told = timeline.assigned(
            to: [
                Self.segment(("Hello", 100, 600), ("there.", 700, 1_400), ("Oh,", 2_100, 2_500), ("hi.", 2_600, 3_000))
            ], within: 10_000)
        let segments = told.segments
        #expect(told.speakers == ["speaker_0", "speaker_1"])
        #expect(told.voices.map(\.start) == [0, 2_000])
        #expect(segments.map(\.speaker) == ["speaker_0", "speaker_1"])
        #expect(segments.map(\.text) == ["Hello there.", "Oh, hi."])
        #expect(segments.map(\.start) == [100, 2_100])
        #expect(segments.map(\.end) == [1_400, 3_000])
    }

    @Test func `a word goes to whoever speaks for most of it, and says how sure that is`() {
        let timeline = Self.timeline((0, 1, 0), (0.6, 2, 1))
        let segments = timeline.assigned(to: [Self.segment(("word", 500, 1_500))], within: 10_000).segments
        #expect(segments.map(\.speaker) == ["speaker_1"])
        #expect(segments.first?.speakerConfidence == 0.9)
    }

    @Test func `a word in nobody's turn goes to the nearest, at no confidence`() {
        let timeline = Self.timeline((0, 1, 0), (5, 6, 1))
        #expect(timeline.speaker(from: 1_500, to: 2_000)?.speaker == 0)
        #expect(timeline.speaker(from: 4_000, to: 4_500)?.speaker == 1)
        #expect(timeline.speaker(from: 4_000, to: 4_500)?.share == 0)
        #expect(timeline.speaker(from: 9_000, to: 9_100)?.speaker == 1)
    }

    @Test func `text without words has the speaker of most of its time`() {
        let timeline = Self.timeline((0, 1, 4), (1, 4, 2))
        let told = timeline.assigned(
            to: [Transcript.Segment(start: 500, end: 3_000, text: "Hello.")], within: 10_000)
        #expect(told.segments.map(\.speaker) == ["speaker_1"])
        #expect(told.segments.map(\.speakerConfidence) == [0.8])
    }

    @Test func `who is heard without words is a speaker too, and turns that meet are one`() {
        let timeline = Self.timeline((0, 1, 5), (1, 2, 5), (3, 4, 9), (6, 20, 5))
        let told = timeline.assigned(to: [Self.segment(("word", 100, 900))], within: 10_000)
        #expect(told.speakers == ["speaker_0", "speaker_1"])
        #expect(told.voices.map(\.speaker) == ["speaker_0", "speaker_1", "speaker_0"])
        #expect(told.voices.map(\.end) == [2_000, 4_000, 10_000])
        #expect(told.segments.count == 1)
    }

    @Test func `no word is lost when nobody is known to speak`() {
        let told = Self.timeline((20, 30, 1)).assigned(to: [Self.segment(("word", 100, 900))], within: 10_000)
        #expect(told.segments.map(\.text) == ["word"])
        #expect(told.speakers == [])
    }

    @Test func `no turn, however it overlaps others, is overlooked`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let turns = (0..<40).compactMap { _ in
                let start = Double.random(in: 0...100, using: &generator)
                let end = start + Double.random(in: 0.1...30, using: &generator)
                return SpeakerTimeline.SpeakerTurn(
                    seconds: [start, end], offset: 0, speaker: Int.random(in: 0..<4, using: &generator))
            }
            let timeline = SpeakerTimeline(turns: turns)
            let start = Int64.random(in: 0...100_000, using: &generator)
            let end = start + Int64.random(in: 50...2_000, using: &generator)
            let overlaps = Dictionary(grouping: turns, by: \.speaker).mapValues { own in
                own.reduce(Int64(0)) { $0 + max(0, min($1.end, end) - max($1.start, start)) }
            }
            let most = overlaps.values.max() ?? 0
            if most > 0, let found = timeline.speaker(from: start, to: end) {
                #expect(overlaps[found.speaker] == most)
            }
        }
    }

    @Test(arguments: [[], [1.0], [2.0, 1.0], [.nan, 1.0], [0.0, .infinity], [1e300, 2e300]])
    func `what is no turn is none`(seconds: [Double]) {
        #expect(SpeakerTimeline.SpeakerTurn(seconds: seconds, offset: 0, speaker: 0) == nil)
    }
}

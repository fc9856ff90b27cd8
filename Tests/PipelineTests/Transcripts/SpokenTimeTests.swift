import Pipeline
import TestSupport
import Testing

/// Words keep their order, and one absurd time moves no other word.
@Suite struct SpokenTimeTests {
    /// Words of 250 to 450 ms with pauses between.
    private static func words(_ count: Int, _ random: inout SeededGenerator) -> [Transcript.Word] {
        var time: Int64 = 500
        return (0..<count).map { index in
            time += Int64.random(in: 20...600, using: &random)
            let start = time
            time += Int64.random(in: 250...450, using: &random)
            return Transcript.Word(text: "w\(index)", start: start, end: time)
        }
    }

    /// The words in segments of nine.
    private static func transcript(_ words: [Transcript.Word], duration: Int64, speaker: String? = nil) -> Transcript {
        let segments = stride(from: 0, to: words.count, by: 9).map { first in
            let part = Array(words[first..<min(words.count, first + 9)])
            return Transcript.Segment(
                speaker: speaker, start: part[0].start, end: part[part.count - 1].end, text: part.joinedText,
                words: part)
        }
        return Samples.transcript(segments, speakers: speaker.map { [$0] } ?? [], duration: duration)
    }

    private static func isInOrder(_ words: [Transcript.Word], within duration: Int64) -> Bool {
        zip(words, words.dropFirst()).allSatisfy { $0.start <= $1.start && $0.end <= $1.start }
            && words.allSatisfy { 0 <= $0.start && $0.start <= $0.end && $0.end <= duration }
    }

    @Test(
        arguments: [
            (4, 30_000, 30_300), (4, 0, 100), (4, 9_000_000_000, 9_000_000_001), (4, -5, -1), (4, .min, .max),
            (0, 30_000, 30_300),
            (19, 0, 100),
        ] as [(Int, Int64, Int64)])
    func `one absurd time is mended between its neighbors, and all others stay`(place: Int, start: Int64, end: Int64) {
        let words = (0..<20).map { Transcript.Word(text: "w\($0)", start: Int64($0) * 500, end: Int64($0) * 500 + 400) }
        var bad = words
        (bad[place].start, bad[place].end) = (start, end)
        let reported = bad.map { SpokenTime(start: $0.start, end: $0.end, bytes: $0.text.utf8.count) }
        let mended = SpokenTime.mended(reported, within: 0...40_000)
        for index in words.indices where index != place {
            #expect(mended[index].start == words[index].start)
            // Only the word before gives up some of its time.
            #expect(index == place - 1 || mended[index].end == words[index].end)
        }
        #expect(place == 0 || mended[place].start >= words[place - 1].start)
        #expect(place == 19 || mended[place].end <= words[place + 1].start)
        #expect(mended[place].start < mended[place].end)
    }

    @Test func `whichever times are corrupted, the text keeps its order and the others stay where they were`() {
        var random = SeededGenerator(seed: 41)
        for round in 0..<400 {
            let words = Self.words(Int.random(in: 5...60, using: &random), &random)
            let duration = (words.last?.end ?? 0) + 5_000
            var bad = words
            var corrupted: Set<Int> = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Apart from each other, so that each has neighbors.
                let place = Int.random(in: 0..<words.count, using: &random)
                guard corrupted.allSatisfy({ abs($0 - place) > 3 }) else { continue }
                corrupted.insert(place)
                // Far off, so that it is clear which word it is.
                let far = Int64.random(in: 3_000...20_000, using: &random)
                bad[place].start += Bool.random(using: &random) ? far : -far
                if Bool.random(using: &random) { bad[place].end = bad[place].start + 300 }
            }
            let ordered = Self.transcript(bad, duration: duration, speaker: round % 2 == 0 ? "speaker_0" : nil)
                .ordered()
            let heard = ordered.segments.flatMap(\.words)
            #expect(heard.map(\.text) == words.map(\.text), "round \(round)")
            #expect(Self.isInOrder(heard, within: duration), "round \(round)")
            for index in words.indices where !corrupted.contains(index) && index < heard.count {
                // A first or last word has one neighbor: its time may be possible, and then pushes none but itself.
                #expect(abs(heard[index].start - words[index].start) <= 1, "round \(round), word \(index)")
            }
            #expect(ordered.ordered() == ordered)
        }
    }

    @Test func `words that cross by a little keep the order in which they were recognized`() {
        let words = [
            Transcript.Word(text: "a", start: 0, end: 400), .init(text: "b", start: 1_000, end: 1_300),
            .init(text: "c", start: 850, end: 1_250), .init(text: "d", start: 1_500, end: 1_900),
        ]
        let heard = Self.transcript(words, duration: 3_000).ordered().segments.flatMap(\.words)
        #expect(heard.map(\.text) == ["a", "b", "c", "d"])
        #expect(Self.isInOrder(heard, within: 3_000))
        #expect(zip(heard, words).allSatisfy { abs($0.start - $1.start) <= 300 })
        #expect(heard[0] == words[0] && heard[3] == words[3])
    }

    @Test func `a segment whose start or last word is absurd moves neither itself nor the next one`() {
        func segment(_ start: Int64, _ text: String) -> Transcript.Segment { Samples.segment(text, at: start) }
        var segments = [
            segment(1_000, "one two three"), segment(4_000, "four five six"), segment(7_000, "seven eight nine"),
        ]
        let right = Samples.transcript(segments, duration: 60_000).ordered()
        segments[0].words[2].start = 50_000
        segments[0].words[2].end = 50_300
        segments[0].end = 50_300
        segments[1].start = 55_000
        let mended = Samples.transcript(segments, duration: 60_000).ordered()
        #expect(mended.segments.map(\.text) == right.segments.map(\.text))
        #expect(mended.segments.map(\.start) == right.segments.map(\.start))
        #expect(mended.segments[1] == right.segments[1])
        #expect(mended.segments[2] == right.segments[2])
        #expect(mended.segments[0].end <= 4_000)
        // In cues nothing is late either.
        let cues = String(decoding: Samples.transcript(segments, duration: 60_000).rendered(as: .srt), as: UTF8.self)
        #expect(!cues.contains("00:00:5"))
    }

    @Test func `two speakers may talk at once; each keeps the own order`() {
        let left = Samples.segment("one two three four", at: 1_000, speaker: "speaker_0")
        let right = Samples.segment("uno due tre", at: 1_100, speaker: "speaker_1")
        var late = Samples.segment("five six", at: 2_300, speaker: "speaker_0")
        late.start = 900
        let ordered = Samples.transcript([left, late, right], speakers: ["speaker_0", "speaker_1"], duration: 9_000)
            .ordered()
        #expect(ordered.segments.map(\.text) == ["one two three four", "uno due tre", "five six"])
        #expect(ordered.segments[1] == right)
    }

    @Test func `what is in order comes back as it was`() {
        var random = SeededGenerator(seed: 43)
        for _ in 0..<100 {
            let words = Self.words(Int.random(in: 1...40, using: &random), &random)
            let transcript = Self.transcript(words, duration: (words.last?.end ?? 0) + 100)
            #expect(transcript.ordered() == transcript)
        }
    }
}

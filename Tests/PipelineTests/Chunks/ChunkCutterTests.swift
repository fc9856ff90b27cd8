import Pipeline
import TestSupport
import Testing

@Suite struct ChunkCutterTests {
    private static let second: Int64 = 16_000

    /// Random speech: spans of 0.2 to 15 s with pauses of 0.02 to 3 s between.
    private static func speech(over total: Int64, using generator: inout some RandomNumberGenerator) -> [Range<Int64>] {
        var spans: [Range<Int64>] = []
        var position = Int64.random(in: 0..<(second * 2), using: &generator)
        while position < total {
            let end = min(total, position + Int64.random(in: (second / 5)..<(second * 15), using: &generator))
            spans.append(position..<end)
            position = end + Int64.random(in: (second / 50)..<(second * 3), using: &generator)
        }
        return spans
    }

    @Test func `chunks part any source without gap or overlap, none too long, none too short but the last`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let total = Int64.random(in: 1...(Self.second * 36_000), using: &generator)
            let cuts = ChunkCutter(total: total, speech: Self.speech(over: total, using: &generator)).cuts()
            let chunks = cuts.map(\.samples)
            #expect(chunks.first?.lowerBound == 0)
            #expect(chunks.last?.upperBound == total)
            #expect(zip(chunks, chunks.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect(chunks.allSatisfy { Int64($0.count) <= ChunkCutter.longest })
            #expect(chunks.dropLast().allSatisfy { Int64($0.count) >= Self.second * 30 })
        }
    }

    @Test func `chunks become smaller toward the end, so that no worker is left alone with a long one`() {
        let total = Self.second * 3600
        var generator = SeededGenerator(seed: 9)
        let cuts = ChunkCutter(total: total, speech: Self.speech(over: total, using: &generator)).cuts()
        #expect(cuts.first.map { Int64($0.samples.count) > Self.second * 200 } == true)
        #expect(cuts.suffix(3).allSatisfy { Int64($0.samples.count) <= Self.second * 180 })
    }

    @Test func `a cut never falls into speech where there is a silence in reach, and shares nothing there`() {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<100 {
            let total = Self.second * 3600
            let speech = Self.speech(over: total, using: &generator)
            let cuts = ChunkCutter(total: total, speech: speech).cuts()
            for cut in cuts.dropLast() {
                let end = cut.samples.upperBound
                #expect(!speech.contains { $0.lowerBound < end && end < $0.upperBound })
                let silence = speech.filter { $0.upperBound <= end }.map(\.upperBound).max().map { end - $0 } ?? end
                if silence >= Self.second / 4 { #expect(cut.audio.upperBound == end) }
            }
        }
    }

    @Test func `speech without a pause is cut at the target, and both chunks hear what is around the cut`() throws {
        let total = Self.second * 3600
        let cuts = ChunkCutter(total: total, speech: [0..<total]).cuts()
        #expect(cuts[0].samples == 0..<Self.second * 300)
        #expect(cuts[0].audio == 0..<Self.second * 300 + ChunkCutter.overlap)
        #expect(cuts[1].audio.lowerBound == Self.second * 300 - ChunkCutter.overlap)
        #expect(cuts[1].speech == [cuts[1].audio])
        #expect(try #require(cuts.last).audio.upperBound == total)
    }

    @Test func `each chunk knows the speech in its audio, and all speech is somebody's`() {
        var generator = SeededGenerator(seed: 10)
        for _ in 0..<100 {
            let total = Int64.random(in: 1...(Self.second * 7200), using: &generator)
            let speech = Self.speech(over: total, using: &generator)
            let cuts = ChunkCutter(total: total, speech: speech).cuts()
            for cut in cuts {
                #expect(cut.speech == speech.map { $0.clamped(to: cut.audio) }.filter { !$0.isEmpty })
            }
        }
    }

    @Test func `what is mostly silence is cut by its speech, so that the model's windows are full`() {
        // A second of speech, three of silence: a chunk of so much speech is four times as long, within bounds.
        let total = Self.second * 2400
        let speech = stride(from: 0, to: total, by: Int(Self.second * 4)).map { $0..<($0 + Self.second) }
        let cuts = ChunkCutter(total: total, speech: speech).cuts()
        let heard = cuts.map { $0.speech.reduce(0) { $0 + Int64($1.count) } }
        #expect(heard.dropLast().allSatisfy { $0 >= Self.second * 50 })
        #expect(cuts.count <= 8)
    }

    @Test func `a source that fits one chunk is one chunk, silent or not`() {
        let total = Self.second * 80
        #expect(ChunkCutter(total: total, speech: []).cuts().map(\.samples) == [0..<total])
        #expect(ChunkCutter(total: total, speech: [0..<total]).cuts().map(\.audio) == [0..<total])
    }

    @Test func `the silence nearest to the target is chosen, in its middle`() {
        let (total, target) = (Self.second * 3600, Self.second * 300)
        let pause = (target - Self.second * 3)..<(target - Self.second * 2)
        let cuts = ChunkCutter(total: total, speech: [0..<pause.lowerBound, pause.upperBound..<total]).cuts()
        #expect(cuts[0].samples.upperBound == target - Self.second * 5 / 2)
    }

    @Test func `in a long silence the cut is at the target`() {
        let total = Self.second * 3600
        let speech = [0..<(Self.second * 100), (Self.second * 1500)..<total]
        let cuts = ChunkCutter(total: total, speech: speech).cuts()
        #expect(cuts[0].samples.upperBound == Self.second * 480)
        #expect(cuts[1].speech == [])
    }
}

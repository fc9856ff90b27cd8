import Pipeline
import TestSupport
import Testing

@Suite struct WhisperClipsTests {
    /// A WAV of that many milliseconds, loud but for the given stretches.
    static func wav(_ milliseconds: Int64, quiet: [Range<Int64>] = []) -> [UInt8] {
        var samples = [UInt8](repeating: 0x20, count: Int(milliseconds) * 32)
        for stretch in quiet {
            for index in Int(stretch.lowerBound) * 32..<Int(stretch.upperBound) * 32 { samples[index] = 0 }
        }
        return [UInt8](repeating: 0, count: 44) + samples
    }

    private func cut(_ milliseconds: Int64, speech: [Range<Int64>], quiet: [Range<Int64>] = []) -> [Range<Int64>] {
        WhisperClips(WAVSamples(Self.wav(milliseconds, quiet: quiet))).cut(at: speech)
    }

    @Test func `neighboring spans share a clip of at most 30 seconds, a little wider than the speech`() {
        #expect(cut(60_000, speech: [1000..<9000, 10_000..<20_000, 21_000..<30_300]) == [800..<30_500])
        #expect(
            cut(60_000, speech: [1000..<9000, 10_000..<20_000, 21_000..<31_000]) == [800..<20_200, 20_800..<31_200])
    }

    @Test func `long silence is not sent`() {
        #expect(cut(60_000, speech: [1000..<2000, 10_000..<11_000]) == [800..<2200, 9800..<11_200])
    }

    @Test func `padding never reaches the next clip or leaves the chunk`() {
        #expect(cut(40_000, speech: [100..<29_000, 29_200..<40_000]) == [0..<29_100, 29_100..<40_000])
    }

    @Test func `speech of nearly 30 seconds is not cut for the sake of its padding`() {
        #expect(cut(60_000, speech: [10_000..<39_900]) == [9950..<39_950])
    }

    @Test func `speech without a pause is cut where it is quietest in the last third`() throws {
        let clips = cut(70_000, speech: [0..<70_000], quiet: [9000..<9500, 26_000..<26_200, 50_000..<50_200])
        try #require(clips.count == 3)
        #expect((26_000..<26_200).contains(clips[1].lowerBound))
        #expect((50_000..<50_200).contains(clips[2].lowerBound))
        #expect(clips.last?.upperBound == 70_000)
    }

    @Test func `a chunk of which nobody knows where there is speech is sent as a whole`() {
        let clips = cut(65_000, speech: [])
        #expect(clips.first?.lowerBound == 0)
        #expect(clips.last?.upperBound == 65_000)
        #expect(zip(clips, clips.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(cut(0, speech: []) == [])
    }

    @Test func `whatever the spans, clips are in order, at most 30 seconds long, and hold all the speech`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let duration = Int64.random(in: 500...120_000, using: &random)
            var borders = Set<Int64>()
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                borders.insert(.random(in: 0...duration + 2000, using: &random))
            }
            let sorted = borders.sorted()
            let speech = zip(sorted, sorted.dropFirst()).enumerated().filter { $0.offset % 2 == 0 }.map {
                $0.element.0..<$0.element.1
            }
            let clips = cut(duration, speech: speech)
            #expect(clips.allSatisfy { $0.count <= 30_000 && !$0.isEmpty })
            #expect(clips.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= duration })
            #expect(zip(clips, clips.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
            for span in speech {
                let wanted = span.clamped(to: 0..<duration)
                let held = clips.reduce(Int64(0)) { $0 + Int64($1.clamped(to: wanted).count) }
                #expect(held == Int64(wanted.count), "\(speech) in \(clips)")
            }
        }
    }

    @Test func `a clip is a WAV file of its samples alone`() {
        let file = WAVSamples(Self.wav(3000, quiet: [1000..<2000])).file(of: 1000..<2000)
        #expect(file.count == 44 + 32_000)
        #expect(String(decoding: file[0..<4], as: UTF8.self) == "RIFF")
        #expect(file[40..<44].reversed().reduce(0) { $0 << 8 | Int($1) } == 32_000)
        #expect(file[44...].allSatisfy { $0 == 0 })
    }

    @Test func `what our own server is to hear begins before the speech, and in short pauses all is heard`() {
        #expect(
            WhisperSpans.widened([100..<2000, 2700..<4000, 9000..<9900], within: 10_000) == [0..<4300, 8500..<10_000])
        #expect(WhisperSpans.widened([], within: 10_000) == [])
    }
}

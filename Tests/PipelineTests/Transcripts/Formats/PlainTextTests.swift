import Pipeline
import Testing

@Suite struct PlainTextTests {
    private func text(_ segments: Transcript.Segment..., speakers: [String] = []) -> String {
        String(decoding: Samples.transcript(segments, speakers: speakers).rendered(as: .txt), as: UTF8.self)
    }

    @Test func `segments of one speaker are one paragraph`() {
        let text = text(
            Samples.segment("One.", speaker: "speaker_0"), Samples.segment("Two.", at: 900, speaker: "speaker_0"),
            Samples.segment("Three.", at: 2_000, speaker: "speaker_1"), speakers: ["speaker_0", "speaker_1"])
        #expect(text == "speaker_0: One. Two.\n\nspeaker_1: Three.\n")
    }

    @Test func `a single speaker is not named`() {
        #expect(text(Samples.segment("Hello.", speaker: "speaker_0"), speakers: ["speaker_0"]) == "Hello.\n")
        #expect(text(Samples.segment("Hello.")) == "Hello.\n")
    }

    @Test func `a turn ends inside a segment where its words change speaker`() {
        var segment = Samples.segment("Right? Right.", speaker: "speaker_0")
        segment.words[1].speaker = "speaker_1"
        #expect(
            text(segment, speakers: ["speaker_0", "speaker_1"]) == "speaker_0: Right?\n\nspeaker_1: Right.\n")
    }

    @Test func `a long text of one speaker gets paragraphs at pauses`() {
        let long = (0..<60).map { _ in "ten bytes." }.joined(separator: " ")
        let first = Samples.segment(long, pace: 10)
        let near = Samples.segment("Soon.", at: first.end + 1_999)
        let far = Samples.segment("Later.", at: first.end + 2_000)
        #expect(text(first, near) == long + " Soon.\n")
        #expect(text(first, far) == long + "\n\nLater.\n")
        #expect(text(Samples.segment("Short."), Samples.segment("Later.", at: 60_000)) == "Short. Later.\n")
    }

    @Test func `line ends and controls become single spaces`() {
        let segment = Transcript.Segment(start: 0, end: 1, text: " a\n\nb\r\n\tc\u{0}d\u{2028}e  f ")
        #expect(text(segment) == "a b c d e f\n")
    }

    @Test func `scripts without spaces stay without at a segment's border`() {
        let first = Transcript.Segment(start: 0, end: 1_000, text: "今日は。")
        let second = Transcript.Segment(start: 1_000, end: 2_000, text: "明日も。")
        let third = Transcript.Segment(start: 2_000, end: 3_000, text: "Hello.")
        #expect(text(first, second, third) == "今日は。明日も。 Hello.\n")
    }

    @Test func `a segment without text shows its words`() {
        var segment = Samples.segment("shown anyway")
        segment.text = ""
        #expect(text(segment) == "shown anyway\n")
    }

    @Test func `a transcript without words is empty`() {
        #expect(text().isEmpty)
        #expect(text(Samples.segment("")).isEmpty)
    }

    @Test func `paragraphs are never blank and never broken`() throws {
        for seed in 0..<300 {
            var random = RandomTranscript(seed: UInt64(seed), wild: seed % 2 == 0)
            let bytes = random.transcript().rendered(as: .txt)
            if bytes.isEmpty { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            try #require(text.hasSuffix("\n"))
            for (index, line) in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                try #require(line.isEmpty == (index % 2 == 1), "seed \(seed)")
                let controls = line.unicodeScalars.filter { $0.properties.generalCategory == .control }
                try #require(controls.isEmpty, "seed \(seed)")
            }
        }
    }
}

import Pipeline
import Testing

@Suite struct ChannelSpeakersTests {
    private static func heard(_ text: String, at start: Int64, level: Double) -> LeveledSegment {
        var position = start
        let words = text.split(separator: " ").map { word in
            defer { position += 300 }
            return Transcript.Word(text: String(word), start: position, end: position + 280)
        }
        return LeveledSegment(
            segment: Transcript.Segment(start: start, end: position, text: text, words: words), level: level)
    }

    private static func texts(left: [LeveledSegment], right: [LeveledSegment]) -> [String] {
        ChannelSpeakers.assigned(left: left, right: right).segments.map { "\($0.speaker ?? "-") \($0.text)" }
    }

    @Test func `left and right keep their names and take turns by time, also when the right one begins`() {
        let (segments, speakers, _) = ChannelSpeakers.assigned(
            left: [Self.heard("Good morning.", at: 3_000, level: -20)], right: [Self.heard("Hello?", at: 0, level: -20)]
        )
        #expect(speakers == ["speaker_0", "speaker_1"])
        #expect(segments.map(\.speaker) == ["speaker_1", "speaker_0"])
        #expect(segments.allSatisfy { $0.speakerConfidence == 1 })
    }

    @Test func `what the other microphone picked up, quieter, is left out on either side`() {
        let loud = Self.heard("I will call you back tomorrow morning", at: 1_000, level: -18)
        let bleed = Self.heard("I will call you back to-morrow evening", at: 1_050, level: -40)
        #expect(Self.texts(left: [loud], right: [bleed]) == ["speaker_0 I will call you back tomorrow morning"])
        #expect(Self.texts(left: [bleed], right: [loud]) == ["speaker_1 I will call you back tomorrow morning"])
    }

    @Test func `the same said equally loud on both sides is said once`() {
        let one = Self.heard("Thank you very much", at: 1_000, level: -20)
        #expect(Self.texts(left: [one], right: [one]) == ["speaker_0 Thank you very much"])
    }

    @Test func `two people who say the same at different times both did`() {
        let one = Self.heard("Yes exactly that", at: 1_000, level: -20)
        let other = Self.heard("Yes exactly that", at: 4_000, level: -30)
        #expect(Self.texts(left: [one], right: [other]).count == 2)
    }

    @Test func `two people who talk at once both stay, also the quieter one`() {
        let one = Self.heard("So what I wanted to say", at: 1_000, level: -18)
        let other = Self.heard("No wait let me finish this", at: 1_000, level: -35)
        #expect(Self.texts(left: [one], right: [other]).count == 2)
    }
}

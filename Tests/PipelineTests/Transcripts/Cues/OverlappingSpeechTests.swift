import Pipeline
import Testing

/// Two people at once, as the two channels of a telephone call have it: one cue after the other, and all readable.
@Suite struct OverlappingSpeechTests {
    private func cues(_ segments: Transcript.Segment...) throws -> [SubtitleFile.Cue] {
        let speakers = Set(segments.compactMap(\.speaker)).sorted()
        let transcript = Samples.transcript(segments.sorted { $0.start < $1.start }, speakers: speakers)
        return try SubtitleFile(webVTT: transcript.rendered(as: .vtt)).cues
    }

    private let story = Samples.segment(
        "so I was saying that the valley was all under water then", pace: 450, speaker: "speaker_0")

    @Test func `a remark comes between the words that it was spoken between`() throws {
        #expect(try self.cues(story).map(\.text) == [story.text])
        let cues = try cues(story, Samples.segment("Mhm.", at: 2_000, pace: 400, speaker: "speaker_1"))
        try #require(cues.map(\.voice) == ["speaker_0", "speaker_1", "speaker_0"])
        #expect(cues[1].text == "Mhm.")
        #expect((2_000...4_000).contains(cues[1].start))
        #expect(cues[0].text + " " + cues[2].text == story.text)
        #expect(cues.allSatisfy { $0.end - $0.start >= 1_000 })
        #expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start })
    }

    @Test func `an answer that begins before the question has ended does not cut it`() throws {
        let question = Samples.segment("and how many of you went there", pace: 400, speaker: "speaker_0")
        let answer = Samples.segment("All of us did, the whole family.", at: 2_500, pace: 400, speaker: "speaker_1")
        let cues = try cues(question, answer)
        try #require(cues.map(\.text) == [question.text, answer.text])
        #expect(cues[1].start == 2_500)
    }

    @Test func `a sentence that is interrupted at once stays until it can be read`() throws {
        let fast = Samples.segment("we were all of us out on the river", pace: 220, speaker: "speaker_0")
        let other = Samples.segment("But the boat had gone by then.", at: 600, pace: 500, speaker: "speaker_1")
        let cues = try cues(fast, other)
        try #require(cues.map(\.text) == [fast.text, other.text])
        // All of its speech, which is less time than reading would take: 9 words of 220 ms.
        #expect(cues[1].start == 1_980)
        #expect(cues[1].end >= 3_600)
    }

    @Test func `nobody waits longer than two seconds for another's cue`() throws {
        let cues = try cues(
            Samples.segment("one two three four five six seven eight nine ten", pace: 300, speaker: "speaker_0"),
            Samples.segment("uno due tre quattro cinque sei sette otto nove", at: 100, pace: 300, speaker: "speaker_1"),
            Samples.segment("eins zwei drei vier fünf sechs sieben acht neun", at: 200, pace: 300, speaker: "speaker_2")
        )
        try #require(cues.map(\.voice) == ["speaker_0", "speaker_1", "speaker_2"])
        #expect(cues[1].start - cues[0].start >= 1_000)
        #expect(cues[2].start == 2_200)
    }

    @Test func `cues of any two who talk at once keep their order and their voice`() throws {
        for seed in 0..<100 {
            var random = RandomTranscript(seed: UInt64(seed), wild: false)
            var transcript = random.transcript()
            transcript.speakers = ["left", "right"]
            for index in transcript.segments.indices { transcript.segments[index].take(voice: "left") }
            let left = transcript.segments
            for var segment in left {
                segment.take(voice: "right")
                transcript.segments.append(segment)
            }
            let cues = try SubtitleFile(webVTT: transcript.rendered(as: .vtt)).cues
            let texts = ["left", "right"].map { voice in
                cues.filter { $0.voice == voice }.flatMap { Array($0.text.unicodeScalars) }
                    .filter { !$0.properties.isWhitespace }
            }
            try #require(texts[0] == texts[1], "seed \(seed)")
            try #require(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start }, "seed \(seed)")
        }
    }
}

extension Transcript.Segment {
    fileprivate mutating func take(voice: String) {
        speaker = voice
        for index in words.indices { words[index].speaker = voice }
    }
}

import Pipeline
import Testing

@Suite struct CueTests {
    private func cues(_ segments: Transcript.Segment..., duration: Int64? = nil) throws -> [SubtitleFile.Cue] {
        let speakers = Set(segments.compactMap(\.speaker)).sorted()
        let transcript = Samples.transcript(segments, speakers: speakers, duration: duration)
        return try SubtitleFile(webVTT: transcript.rendered(as: .vtt)).cues
    }

    @Test func `sentences end cues`() throws {
        let cues = try cues(
            Samples.segment(
                "We walked along the river until it was dark. Nobody had told us how far the village was."))
        let sentences = ["We walked along the river until it was dark.", "Nobody had told us how far the village was."]
        #expect(cues.map(\.text) == sentences)
    }

    @Test func `titles and initials end no cue`() throws {
        let cues = try cues(
            Samples.segment("It was in the morning that they all went up to the old house to see Dr. J. Vega."))
        #expect(!cues.contains { $0.text.hasSuffix("Dr.") || $0.text.hasSuffix("J.") })
    }

    @Test func `a long sentence is cut at a comma rather than between words`() throws {
        let cues = try cues(
            Samples.segment(
                "When the boats had all come back to the harbour in the evening light, the people of the town went "
                    + "down to see what they had brought"))
        #expect(cues.first?.text.hasSuffix("light,") == true)
        #expect(cues.count == 2)
    }

    @Test func `two lines are of nearly the same length`() throws {
        let cues = try cues(Samples.segment("aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj", pace: 200))
        #expect(cues.map(\.lines) == [["aaaa bbbb cccc dddd eeee", "ffff gggg hhhh iiii jjjj"]])
    }

    @Test func `a silence ends a cue`() throws {
        let cues = try cues(Samples.segment("before"), Samples.segment("after", at: 4_000), duration: 9_000)
        #expect(cues.map(\.text) == ["before", "after"])
    }

    @Test func `another speaker starts another cue`() throws {
        let cues = try cues(
            Samples.segment("so what do you think", pace: 300, speaker: "speaker_0"),
            Samples.segment("I think so too", at: 1_200, speaker: "speaker_1"))
        #expect(cues.map(\.voice) == ["speaker_0", "speaker_1"])
    }

    @Test func `a word's own speaker counts more than the segment's`() throws {
        var segment = Samples.segment("is that right it is indeed", pace: 400, speaker: "speaker_0")
        for index in 3..<6 { segment.words[index].speaker = "speaker_1" }
        let cues = try cues(segment)
        #expect(cues.map(\.voice) == ["speaker_0", "speaker_1"])
        #expect(cues.map(\.text) == ["is that right", "it is indeed"])
    }

    @Test func `a short cue stays for a second where there is silence`() throws {
        let cues = try cues(Samples.segment("Yes."), Samples.segment("No.", at: 5_000), duration: 5_700)
        #expect(cues[0].end == 1_000)
        // At the end of the source it comes earlier instead.
        #expect(cues[1].start == 4_700)
        #expect(cues[1].end == 5_700)
    }

    @Test func `a short cue between two others borrows its second from them`() throws {
        let cues = try cues(
            Samples.segment("and that is all there was to see", pace: 400, speaker: "speaker_0"),
            Samples.segment("Yes.", at: 3_200, pace: 300, speaker: "speaker_1"),
            Samples.segment("So we went home again that evening", at: 3_500, pace: 400, speaker: "speaker_0"))
        #expect(cues.count == 3)
        #expect(cues[1].end - cues[1].start == 1_000)
        #expect(cues[2].start == 4_000)
    }

    @Test func `a fast cue stays until it can be read`() throws {
        let text = "all of these words were said in hardly any time at all"
        let cues = try cues(Samples.segment(text, pace: 80), duration: 20_000)
        #expect(cues.count == 1)
        #expect(cues[0].end >= Int64(text.count) * 1_000 / 17)
        let hemmed = try self.cues(
            Samples.segment(text, pace: 80, speaker: "speaker_0"),
            Samples.segment("Right you are then, my friend", at: 2_000, speaker: "speaker_1"))
        #expect(hemmed[0].end == hemmed[1].start)
    }

    @Test func `a gap too short to be seen is closed`() throws {
        let near = try cues(
            Samples.segment("We went there on foot.", pace: 400, speaker: "speaker_0"),
            Samples.segment("And how was it then?", at: 2_300, pace: 400, speaker: "speaker_1"))
        #expect(near[0].end == 2_300)
        let far = try cues(
            Samples.segment("We went there on foot.", pace: 400, speaker: "speaker_0"),
            Samples.segment("And how was it then?", at: 2_400, pace: 400, speaker: "speaker_1"))
        #expect(far[0].end == 2_000)
    }

    @Test func `no cue stays longer than seven seconds`() throws {
        var long = Samples.segment("Ooooh")
        long.words[0].end = 30_000
        long.end = 30_000
        let cues = try cues(long)
        #expect(cues.map(\.end) == [7_000])
    }

    @Test func `overlapping speech gives cues one after the other`() throws {
        let cues = try cues(
            Samples.segment("I was saying that the whole of the valley was flooded", pace: 500, speaker: "speaker_0"),
            Samples.segment("was it really", at: 1_500, pace: 500, speaker: "speaker_1"))
        #expect(Set(cues.map(\.voice)) == ["speaker_0", "speaker_1"])
        #expect(zip(cues, cues.dropFirst()).allSatisfy { $0.end <= $1.start })
    }

    @Test func `text without words shares the time by its length`() throws {
        let text = (0..<20).map { _ in "twelve chars" }.joined(separator: " ")
        let segment = Transcript.Segment(start: 10_000, end: 30_000, text: text)
        let cues = try cues(segment)
        #expect(cues.count >= 3)
        #expect(cues.first?.start == 10_000)
        #expect(cues.last?.end == 30_000)
        #expect(cues.map(\.text).joined(separator: " ") == text)
    }

    @Test func `text without any time is still shown`() throws {
        let cues = try cues(Transcript.Segment(start: 0, end: 0, text: "no time at all"))
        #expect(cues.map(\.text) == ["no time at all"])
        #expect(cues.map(\.end) == [1])
    }

    @Test func `a word wider than a line is cut between graphemes`() throws {
        let family = "👨‍👩‍👧‍👦"
        let cues = try cues(Samples.segment(String(repeating: family, count: 50), pace: 9_000))
        let lines = cues.flatMap(\.lines)
        #expect(lines.allSatisfy { $0.count <= 21 && $0.allSatisfy { $0 == Character(family) } })
        #expect(lines.joined().count == 50)
        let letters = try self.cues(Samples.segment(String(repeating: "a", count: 44), pace: 3_000)).flatMap(\.lines)
        #expect(letters.map(\.count).max() == 23)
    }

    @Test func `Chinese lines begin with no full stop`() throws {
        let text = String(repeating: "我們今天討論天氣。因為下雨，", count: 12)
        let cues = try cues(Transcript.Segment(start: 0, end: 40_000, text: text))
        for line in cues.flatMap(\.lines) {
            #expect(line.first != "。" && line.first != "，")
            #expect(line.count <= 21)
            #expect(!line.contains(" "))
        }
        #expect(cues.flatMap(\.lines).joined() == text)
    }

    @Test func `hours grow beyond two digits`() {
        let late: Int64 = 123 * 3_600_000 + 4 * 60_000 + 5_006
        let transcript = Samples.transcript([Samples.segment("late", at: late)], duration: late + 1_000)
        let text = String(decoding: transcript.rendered(as: .srt), as: UTF8.self)
        #expect(text == "1\n123:04:05,006 --> 123:04:06,006\nlate\n")
    }

    @Test func `a transcript without words gives empty files`() {
        let transcript = Samples.transcript([], duration: 5_000)
        #expect(transcript.rendered(as: .srt).isEmpty)
        #expect(transcript.rendered(as: .vtt) == Array("WEBVTT\n".utf8))
    }

    @Test func `what looks like a tag is shown as written`() {
        let transcript = Samples.transcript([Samples.segment("<b>no</b> {\\an8} 1<2 -->", pace: 500)])
        let subRip = String(decoding: transcript.rendered(as: .srt), as: UTF8.self)
        #expect(subRip.hasSuffix("\n<\u{2060}b>no<\u{2060}/b> {\u{2060}\\an8} 1<2 →\n"))
        let webVTT = String(decoding: transcript.rendered(as: .vtt), as: UTF8.self)
        #expect(webVTT.hasSuffix("\n&lt;b&gt;no&lt;/b&gt; {\\an8} 1&lt;2 --&gt;\n"))
    }

    @Test func `a hostile speaker's name stays inside its tag`() {
        let transcript = Samples.transcript([Samples.segment("hi", speaker: "a>\n\n<b & c")], duration: 2_000)
        let text = String(decoding: transcript.rendered(as: .vtt), as: UTF8.self)
        #expect(text == "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v a&gt; &lt;b &amp; c>hi\n")
    }
}

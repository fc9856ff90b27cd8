import Foundation
import Pipeline
import Testing

@Suite struct StoredFormTests {
    @Test func `a transcript comes back from the database as it was`() throws {
        for seed in 0..<100 {
            var random = RandomTranscript(seed: UInt64(seed), wild: false)
            var transcript = random.transcript()
            // JSON has no such numbers; the engines' answers neither.
            if transcript.languageConfidence?.isFinite == false { transcript.languageConfidence = nil }
            let stored = try JSONEncoder().encode(transcript)
            #expect(try JSONDecoder().decode(Transcript.self, from: stored) == transcript)
        }
        let stored = try JSONEncoder().encode(Samples.interview)
        #expect(try JSONDecoder().decode(Transcript.self, from: stored) == Samples.interview)
    }

    /// The keys of rows that exist: this test changes only by additions.
    @Test func `a row of the first version is read`() throws {
        let row = """
            {"job":"job_1","language":"en","language_confidence":0.5,"duration_ms":1500,"engine":"whisper_base",
            "fallback":{"from":"a","reason":"b","chunks":3},"model":"base","diarization":"none","speakers":["speaker_0"],
            "segments":[{"k":"speaker_0","kc":1,"s":1,"e":2,"t":"x y","c":0.25,"by":"e",
            "w":[{"t":"x","s":1,"e":2,"c":0.75,"k":"speaker_0","a":true,"u":true},{"t":"y","s":2,"e":2}]}]}
            """
        let transcript = try JSONDecoder().decode(Transcript.self, from: Data(row.utf8))
        let words = [
            Transcript.Word(
                text: "x", start: 1, end: 2, confidence: 0.75, speaker: "speaker_0", approximate: true, spaced: false),
            Transcript.Word(text: "y", start: 2, end: 2),
        ]
        let segment = Transcript.Segment(
            speaker: "speaker_0", speakerConfidence: 1, start: 1, end: 2, text: "x y", confidence: 0.25, engine: "e",
            words: words)
        #expect(
            transcript
                == Transcript(
                    jobID: "job_1", language: "en", languageConfidence: 0.5, durationMilliseconds: 1_500,
                    engine: "whisper_base", fallback: .init(from: "a", reason: "b", chunks: 3), model: "base",
                    speakers: ["speaker_0"], segments: [segment]))
    }

    @Test func `what was removed comes back, and a row without it is read`() throws {
        var transcript = Samples.interview
        transcript.removed = Transcript.Removed.Reason.allCases.enumerated().map { index, reason in
            .init(start: Int64(index), end: Int64(index) + 5, words: index, reason: reason)
        }
        let stored = try JSONEncoder().encode(transcript)
        #expect(try JSONDecoder().decode(Transcript.self, from: stored) == transcript)
        #expect(String(decoding: stored, as: UTF8.self).contains(#""r":"low_confidence""#))
        let before = try JSONEncoder().encode(Samples.interview)
        #expect(!String(decoding: before, as: UTF8.self).contains("removed"))
        #expect(try JSONDecoder().decode(Transcript.self, from: before).removed == nil)
    }

    @Test func `Whisper's words know whether a space stood before them`() {
        let words = [" It", "'s", " well", "-known", "\u{3000}wide", "今日", " \n", "end", "\u{0}"].map {
            Transcript.Word(recognized: $0, start: 0, end: 0)
        }
        #expect(words.map(\.text) == ["It", "'s", "well", "-known", "wide", "今日", "", "end", ""])
        #expect(words.map(\.spaced) == [true, false, true, false, true, false, true, false, true])
        #expect(words.joinedText == "It's well-known wide今日 end")
    }
}

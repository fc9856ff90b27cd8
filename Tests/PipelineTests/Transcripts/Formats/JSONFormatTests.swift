import Foundation
import Pipeline
import Testing

@Suite struct JSONFormatTests {
    private func text(_ transcript: Transcript) -> String {
        String(decoding: transcript.rendered(as: .json), as: UTF8.self)
    }

    @Test func `JSON says what the transcript says`() throws {
        for seed in 0..<300 {
            var random = RandomTranscript(seed: UInt64(seed), wild: seed % 2 == 0)
            let transcript = random.transcript()
            let expected = transcript.ordered()
            let parsed = try JSONSerialization.jsonObject(with: Data(transcript.rendered(as: .json)))
            let object = try #require(parsed as? [String: Any])
            #expect(object["duration_seconds"] as? Double == Double(expected.durationMilliseconds) / 1_000)
            let segments = try #require(object["segments"] as? [[String: Any]])
            try #require(segments.count == expected.segments.count)
            for (json, segment) in zip(segments, expected.segments) {
                try #require(json["text"] as? String == withoutMark(segment.text))
                try #require(json["speaker"] as? String == segment.speaker)
                let words = try #require(json["words"] as? [[String: Any]])
                try #require(words.count == segment.words.count)
                for (json, word) in zip(words, segment.words) {
                    try #require(json["text"] as? String == withoutMark(word.text))
                    try #require(json["start"] as? Double == Double(word.start) / 1_000)
                    try #require(json["end"] as? Double == Double(word.end) / 1_000)
                    try #require(json["speaker"] as? String == word.speaker ?? segment.speaker)
                    try #require(json.keys.count == 5)
                }
            }
        }
    }

    /// Foundation's reader drops a byte-order mark at a string's start; the file has it.
    private func withoutMark(_ text: String) -> String {
        String(text.unicodeScalars.drop { $0.value == 0xFEFF })
    }

    @Test func `times never decrease and never pass the duration`() throws {
        for seed in 0..<300 {
            var random = RandomTranscript(seed: UInt64(seed), wild: true)
            var transcript = random.transcript()
            transcript.languageConfidence = nil
            let ordered = transcript.ordered()
            let bounds = 0...ordered.durationMilliseconds
            var begin: Int64 = 0
            for segment in ordered.segments {
                try #require(segment.start >= begin && segment.end >= segment.start)
                try #require(bounds.contains(segment.start) && bounds.contains(segment.end))
                begin = segment.start
                var time = segment.start
                for word in segment.words {
                    try #require(word.start >= time && word.end >= word.start && word.end <= segment.end)
                    time = word.end
                }
            }
            #expect(ordered.ordered() == ordered)
        }
    }

    @Test func `turns are in order and within the duration, and absent where no model was asked`() {
        var transcript = Samples.transcript([], speakers: ["speaker_0", "speaker_1"], duration: 5_000)
        #expect(!text(transcript).contains("turns"))
        transcript.voices = [
            .init(speaker: "speaker_1", start: 4_000, end: 9_000), .init(speaker: "speaker_0", start: -1, end: 4_500),
            .init(speaker: "speaker_1", start: 6_000, end: 1_000),
        ]
        #expect(
            text(transcript).contains(
                #""turns":[{"speaker":"speaker_0","start":0.0,"end":4.5},"#
                    + #"{"speaker":"speaker_1","start":4.0,"end":5.0},{"speaker":"speaker_1","start":5.0,"end":5.0}],"#)
        )
        #expect(transcript.ordered().ordered() == transcript.ordered())
    }

    @Test func `seconds are written from whole milliseconds`() {
        for (milliseconds, seconds) in [
            (0, "0.0"), (1, "0.001"), (10, "0.01"), (100, "0.1"), (1_000, "1.0"), (1_234, "1.234"), (1_230, "1.23"),
            (36_000_007, "36000.007"),
        ] as [(Int64, String)] {
            let transcript = Samples.transcript([], duration: milliseconds)
            #expect(text(transcript).contains("\"duration_seconds\":\(seconds),"))
        }
    }

    @Test func `confidences have four decimals and are never outside zero to one`() {
        for (confidence, expected) in [
            (nil, "null"), (0.123_45, "0.1235"), (1, "1.0"), (0.5, "0.5"), (0, "0.0"), (0.000_04, "0.0"),
            (1.2, "1.0"), (-0.1, "0.0"), (.nan, "null"), (.infinity, "null"),
        ] as [(Double?, String)] {
            var transcript = Samples.transcript([])
            transcript.languageConfidence = confidence
            #expect(text(transcript).contains("\"language_confidence\":\(expected),"))
        }
    }

    @Test func `keys stand in the contract's order and absent ones are absent`() {
        var transcript = Samples.transcript([Samples.segment("hi")])
        #expect(
            text(transcript) == """
                {"job_id":"job_01J0000000000000000000000","language":"en","language_confidence":null,\
                "duration_seconds":0.3,"engine":"whisper_base","model":"base","diarization":"none","speakers":[],\
                "segments":[{"speaker":null,"speaker_confidence":null,"start":0.0,"end":0.3,"text":"hi",\
                "confidence":0.9,"words":[{"text":"hi","start":0.0,"end":0.3,"confidence":0.9,"speaker":null}]}],\
                "paragraphs":[{"speaker":null,"start":0.0,"end":0.3,"text":"hi","first_segment":0,"last_segment":0}]}
                """)
        transcript.fallback = .init(from: "assemblyai_universal_3", reason: "timeout", chunks: 2)
        #expect(
            text(transcript).contains(
                #","fallback":{"from":"assemblyai_universal_3","reason":"timeout","chunks":2},"model":"#))
    }

    @Test func `what was removed stands last, within the duration, and nothing stands there where there is none`() {
        var transcript = Samples.transcript([Samples.segment("hi")], duration: 4_000)
        transcript.removed = []
        #expect(!text(transcript).contains("removed"))
        transcript.removed = [
            .init(start: 3_500, end: 9_000, words: 7, reason: .noSpeech),
            .init(start: -5, end: 20, words: 1, reason: .crosstalk),
        ]
        #expect(
            text(transcript).hasSuffix(
                #""last_segment":0}],"removed":[{"start":0.0,"end":0.02,"words":1,"reason":"crosstalk"},{"start":3.5,"end":4.0,"words":7,"reason":"no_speech"}]}"#
            ))
    }

    @Test func `every control character is escaped and nothing else is`() {
        let controls = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
        let transcript = Samples.transcript([
            Transcript.Segment(start: 0, end: 1, text: controls + "\"\\/\u{2028}é😀")
        ])
        let bytes = transcript.rendered(as: .json)
        #expect(!bytes.contains { $0 < 0x20 })
        let escaped = #"\u0007\u0008\t\n\u000b\u000c\r\u000e"#
        #expect(text(transcript).contains(escaped))
        #expect(text(transcript).contains(#"\u001f\"\\/"# + "\u{2028}é😀\""))
    }
}

import Foundation
import Pipeline
import Testing

/// What engines and assembly leave out is counted in the transcript, on the source's clock, once.
@Suite struct AssemblyRemovalTests {
    private static let second: Int64 = 16_000

    private static func chunk(
        _ samples: Range<Int64>, audio: Range<Int64>? = nil, channel: SourceChannel = .mixed,
        _ segments: [Transcript.Segment], _ removed: [Transcript.Removed]?, levels: [Double]? = nil
    ) throws -> RecognizedChunk {
        var heard = StoredRecognition(
            recognition: Recognition(
                engine: "whisper_base", model: "whisper_base", segments: segments, removed: removed))
        heard.levels = levels
        return RecognizedChunk(
            channel: channel, samples: samples, audioStart: audio?.lowerBound ?? samples.lowerBound,
            result: Array(try JSONEncoder().encode(heard)))
    }

    private static func transcript(_ chunks: [RecognizedChunk], seconds: Int64, diarization: String = "none") throws
        -> Transcript
    {
        let facts = AssemblyFacts(
            samples: seconds * second, language: "en", languageConfidence: 1, engine: "whisper_base",
            diarization: diarization)
        return try Assembly(facts: facts, chunks: chunks)
            .transcript(of: JobID(unchecked: "job_1"), spokenBy: SpeakerTimeline(turns: []))
    }

    private static func segment(_ text: String, at start: Int64) -> Transcript.Segment {
        let words = text.split(separator: " ").enumerated().map { index, word in
            Transcript.Word(
                text: String(word), start: start + Int64(index) * 300, end: start + Int64(index) * 300 + 250)
        }
        return Transcript.Segment(
            start: start, end: words.last?.end ?? start, text: text, words: words)
    }

    @Test func `what was removed from each chunk stands on the source's clock, in order`() throws {
        let transcript = try Self.transcript(
            [
                Self.chunk(
                    0..<60 * Self.second, [Self.segment("Hello there.", at: 1_000)],
                    [.init(start: 9_000, end: 12_000, words: 12, reason: .repetition)]),
                Self.chunk(
                    60 * Self.second..<120 * Self.second, [Self.segment("And goodbye.", at: 500)],
                    [
                        .init(start: 2_000, end: 2_500, words: 2, reason: .noSpeech),
                        .init(start: 59_000, end: 63_000, words: 1, reason: .lowConfidence),
                    ]),
            ], seconds: 120)
        #expect(
            transcript.removed == [
                .init(start: 9_000, end: 12_000, words: 12, reason: .repetition),
                .init(start: 62_000, end: 62_500, words: 2, reason: .noSpeech),
                .init(start: 119_000, end: 120_000, words: 1, reason: .lowConfidence),
            ])
        let json = String(decoding: transcript.rendered(as: .json), as: UTF8.self)
        #expect(json.contains(#""removed":[{"start":9.0,"end":12.0,"words":12,"reason":"repetition"},{"start":62.0,"#))
    }

    @Test func `what both sides of a seam removed is counted once`() throws {
        let seam = 60 * Self.second
        let shared = 2_500 * 16 as Int64
        // Both heard the loop from 58.5 s to 59.1 s; the second chunk's audio begins at 57.5 s.
        let transcript = try Self.transcript(
            [
                Self.chunk(
                    0..<seam, [Self.segment("one two three", at: 55_000)],
                    [
                        .init(start: 58_500, end: 59_100, words: 4, reason: .repetition),
                        .init(start: 61_000, end: 61_400, words: 9, reason: .noSpeech),
                    ]),
                Self.chunk(
                    seam..<90 * Self.second, audio: seam - shared..<90 * Self.second,
                    [Self.segment("four five", at: 6_000)],
                    [
                        .init(start: 1_000, end: 1_600, words: 4, reason: .repetition),
                        .init(start: 3_600, end: 4_000, words: 1, reason: .noSpeech),
                    ]),
            ], seconds: 90)
        #expect(
            transcript.removed == [
                .init(start: 58_500, end: 59_100, words: 4, reason: .repetition),
                .init(start: 61_100, end: 61_500, words: 1, reason: .noSpeech),
            ])
    }

    @Test func `of two channels both count, and what one picked up of the other counts as crosstalk`() throws {
        let whole = 0..<30 * Self.second
        let transcript = try Self.transcript(
            [
                Self.chunk(
                    whole, channel: .left, [Self.segment("I will call you back", at: 1_000)],
                    [.init(start: 20_000, end: 21_000, words: 3, reason: .noSpeech)], levels: [-18]),
                Self.chunk(
                    whole, channel: .right,
                    [Self.segment("I will call you back", at: 1_050), Self.segment("All right.", at: 5_000)],
                    [.init(start: 10_000, end: 11_000, words: 5, reason: .repetition)], levels: [-40, -18]),
            ], seconds: 30, diarization: "channels")
        #expect(transcript.segments.map(\.text) == ["I will call you back", "All right."])
        #expect(
            transcript.removed == [
                .init(start: 1_050, end: 2_500, words: 5, reason: .crosstalk),
                .init(start: 10_000, end: 11_000, words: 5, reason: .repetition),
                .init(start: 20_000, end: 21_000, words: 3, reason: .noSpeech),
            ])
    }

    @Test func `where nothing was removed, nothing is told, also of chunks that were kept before it was counted`()
        throws
    {
        let old = #"{"recognition":{"engine":"e","model":"m","segments":[{"s":0,"e":900,"t":"Hello.","w":[]}]}}"#
        let chunks = [
            RecognizedChunk(channel: .mixed, samples: 0..<Self.second, audioStart: 0, result: Array(old.utf8)),
            try Self.chunk(Self.second..<2 * Self.second, [Self.segment("There.", at: 100)], nil),
        ]
        let transcript = try Self.transcript(chunks, seconds: 2)
        #expect(transcript.removed == nil)
        #expect(!String(decoding: transcript.rendered(as: .json), as: UTF8.self).contains("removed"))
    }
}

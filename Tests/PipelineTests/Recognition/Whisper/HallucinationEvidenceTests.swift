import Pipeline
import TestSupport
import Testing

/// Whether repetitions were said is told by what lies behind them, not by their number.
@Suite struct HallucinationEvidenceTests {
    /// A WAV of that many milliseconds: faint noise, and a voice's din in `loud`.
    static func wav(_ milliseconds: Int64, loud: [Range<Int64>]) -> [UInt8] {
        var random = SeededGenerator(seed: 9)
        var file = [UInt8](repeating: 0, count: 44)
        for millisecond in 0..<milliseconds {
            let isLoud = loud.contains { $0.contains(millisecond) }
            for _ in 0..<16 {
                let range: ClosedRange<Int16> = isLoud ? -9_000...9_000 : -20...20
                let sample = UInt16(bitPattern: Int16.random(in: range, using: &random))
                file += [UInt8(truncatingIfNeeded: sample), UInt8(truncatingIfNeeded: sample >> 8)]
            }
        }
        return file
    }

    /// `text` said once in each of these spans, its words side by side.
    private static func said(_ text: String, in spans: [Range<Int64>], ratio: Double? = nil) -> [WhisperSegment] {
        let words = text.split(separator: " ")
        return spans.map { span in
            let length = Int64(span.count) / Int64(words.count)
            let told = words.enumerated().map { index, word in
                Transcript.Word(
                    text: String(word), start: span.lowerBound + Int64(index) * length,
                    end: span.lowerBound + Int64(index + 1) * length)
            }
            return WhisperSegment(
                start: span.lowerBound, end: span.upperBound, words: told, averageLogProbability: -0.3,
                compressionRatio: ratio, wordProbability: 0.95)
        }
    }

    private static func spans(_ count: Int, of length: Int64, every step: Int64, from start: Int64 = 500) -> [Range<
        Int64
    >] {
        (0..<count).map { start + Int64($0) * step..<start + Int64($0) * step + length }
    }

    private static func judged(_ segments: [WhisperSegment], speech: [Range<Int64>], loud: [Range<Int64>])
        -> (text: String, removed: [Transcript.Removed])
    {
        let end = (speech + loud).map(\.upperBound).max() ?? 0
        let judged = HallucinationGuard(speech: speech, audio: WAVSamples(wav(max(end, 1_000) + 2_000, loud: loud)))
            .judged(segments)
        return (judged.kept.map(\.transcribed.text).joined(separator: " "), judged.removed)
    }

    @Test(
        arguments: [
            ("He was not an ill disposed young man.", 3, 2_700, 3_700),
            ("He was not an ill disposed young man.", 3, 2_700, 2_900),
            ("The train to Oxford leaves from platform four.", 5, 3_500, 4_500), ("No.", 8, 400, 900),
            ("No.", 8, 180, 220),
            ("Help me!", 20, 700, 1_300), ("la", 12, 300, 330), ("四", 8, 200, 250),
        ] as [(String, Int, Int64, Int64)])
    func `what was really said again and again stays, each time`(text: String, count: Int, length: Int64, step: Int64) {
        let spans = Self.spans(count, of: length, every: step)
        for ratio in [nil, 1.5, 9] as [Double?] {
            // A detector that hears each alone, one that bridges the pauses, and none at all.
            for speech in [spans, [spans[0].lowerBound..<spans[count - 1].upperBound], []] {
                let judged = Self.judged(Self.said(text, in: spans, ratio: ratio), speech: speech, loud: spans)
                #expect(judged.text == Array(repeating: text, count: count).joined(separator: " "))
                #expect(judged.removed == [])
            }
        }
    }

    @Test func `repetitions over silence, in one moment, or faster than anybody speaks are taken out and counted`() {
        let voice = [500..<2_500] as [Range<Int64>]
        let first = Self.said("Thank you very much.", in: [500..<1_500], ratio: 5)
        for rest in [
            // After the voice, where nothing is heard though the detector says so; at one moment; crammed.
            Self.spans(6, of: 900, every: 1_000, from: 3_000), Self.spans(6, of: 0, every: 0, from: 2_400),
            Self.spans(6, of: 40, every: 40, from: 1_800),
        ] {
            let told = first + Self.said("Thank you very much.", in: rest, ratio: 5)
            let judged = Self.judged(told, speech: [500..<12_000], loud: voice)
            #expect(judged.text == "Thank you very much.")
            #expect(judged.removed.map(\.reason) == [.repetition])
            #expect(judged.removed.map(\.words) == [24])
            #expect(judged.removed.map(\.start) == [rest[0].lowerBound])
            #expect(judged.removed.map(\.end) == [rest[5].upperBound])
        }
    }

    @Test func `of a loop that begins with real repetitions, those stay that were said`() {
        let spans = Self.spans(5, of: 400, every: 900)
        let stuck = Self.spans(40, of: 0, every: 0, from: 4_600)
        let judged = Self.judged(
            Self.said("No.", in: spans, ratio: 20) + Self.said("No.", in: stuck, ratio: 20), speech: spans, loud: spans)
        #expect(judged.text == "No. No. No. No. No.")
        #expect(judged.removed == [.init(start: 4_600, end: 4_600, words: 40, reason: .repetition)])
    }

    @Test func `a loop that was never said is said once, and what steady noise lies under does not make it said`() {
        let spans = Self.spans(10, of: 500, every: 600)
        let loop = Self.said("okay", in: spans, ratio: 8)
        // The detector takes a hiss for speech up to the middle only; a knock comes at the end.
        let judged = Self.judged(loop, speech: [], loud: [7_600..<7_900])
        #expect(judged.text == "okay")
        #expect(judged.removed == [.init(start: 1_100, end: 6_400, words: 9, reason: .repetition)])
    }

    @Test func `a long laugh is no stutter of the model's, and a stutter in no time is`() {
        let laugh = String(repeating: "ha", count: 15)
        #expect(
            Self.judged(Self.said(laugh, in: [500..<3_500]), speech: [500..<3_500], loud: [500..<3_500]).text == laugh)
        let stuck = Self.judged(Self.said(laugh, in: [500..<700]), speech: [500..<3_500], loud: [500..<3_500])
        #expect(stuck.text == "")
        #expect(stuck.removed == [.init(start: 500, end: 700, words: 1, reason: .repetition)])
    }

    @Test func `two bad figures do not outweigh a voice that is heard; three do, and so does a loop that was a guess`()
    {
        let span = [500..<3_500] as [Range<Int64>]
        func judged(
            noSpeech: Double = 0.2, probability: Double = -0.4, words: Double = 0.9, temperature: Double = 0,
            ratio: Double = 1, speech: [Range<Int64>]
        ) -> [Transcript.Removed] {
            let segments = Self.said("Please come to the gate.", in: span).map { segment in
                var segment = segment
                (segment.noSpeechProbability, segment.averageLogProbability) = (noSpeech, probability)
                (segment.wordProbability, segment.temperature, segment.compressionRatio) = (words, temperature, ratio)
                return segment
            }
            return Self.judged(segments, speech: speech, loud: span).removed
        }
        #expect(judged(probability: -1.4, temperature: 1, speech: span) == [])
        #expect(judged(noSpeech: 0.8, words: 0.2, speech: span) == [])
        #expect(judged(probability: -1.4, words: 0.2, temperature: 1, speech: span).map(\.reason) == [.lowConfidence])
        #expect(judged(probability: -1.4, temperature: 1, ratio: 2.6, speech: span).map(\.reason) == [.lowConfidence])
        #expect(judged(noSpeech: 0.8, probability: -1.4, words: 0.2, speech: span).map(\.reason) == [.noSpeech])
        // Nobody knows where there is speech, or it is elsewhere.
        #expect(judged(probability: -1.4, temperature: 1, speech: []).map(\.reason) == [.lowConfidence])
        #expect(judged(noSpeech: 0.8, probability: -1.4, speech: [3_400..<3_600]).map(\.reason) == [.noSpeech])
        let invented = Self.said("Thanks for watching!", in: Self.spans(3, of: 900, every: 1_000, from: 20_000))
        #expect(
            Self.judged(invented, speech: span, loud: span).removed
                == [.init(start: 20_000, end: 22_900, words: 9, reason: .noSpeech)])
        #expect(judged(speech: [9_000..<9_500]) == [.init(start: 500, end: 3_500, words: 5, reason: .noSpeech)])
    }

    @Test func `all that was told is kept or counted`() {
        var random = SeededGenerator(seed: 17)
        for _ in 0..<100 {
            var time: Int64 = 0
            let segments = (0..<Int.random(in: 1...8, using: &random)).flatMap { _ in
                let length = Int64([0, 30, 300, 900].randomElement(using: &random) ?? 0)
                time += Int64.random(in: 0...1_500, using: &random)
                let spans = Self.spans(
                    Int.random(in: 1...9, using: &random), of: length, every: length + 50, from: time)
                time = spans[spans.count - 1].upperBound
                return Self.said(
                    ["no", "thank you", "a b c d"].randomElement(using: &random) ?? "", in: spans,
                    ratio: [nil, 1, 4].randomElement(using: &random) ?? nil)
            }
            let speech = [0..<time / 3 + 1, time / 2 + 2..<time + 3]
            let audio = WAVSamples(Self.wav(time / 2 + 1_000, loud: [0..<time / 4]))
            let guarding = HallucinationGuard(speech: speech, audio: audio)
            let judged = guarding.judged(segments)
            let kept = judged.kept.reduce(0) { $0 + $1.words.count }
            #expect(kept + judged.removed.reduce(0) { $0 + $1.words } == segments.reduce(0) { $0 + $1.words.count })
            #expect(guarding.judged(judged.kept).removed == [])
            #expect(judged.removed.map(\.start) == judged.removed.map(\.start).sorted())
        }
    }
}

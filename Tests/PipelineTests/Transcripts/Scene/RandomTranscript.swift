import Pipeline
import TestSupport

/// Random transcripts, also such as no recognizer should write.
struct RandomTranscript {
    private var random: SeededGenerator
    private var clock: Int64 = 0
    private let wild: Bool

    private static let fragments = [
        "the", "a", "river,", "went.", "Why?", "No!", "houses", "well-known", "Dr.", "e.g.", "1,000.50", "don't",
        "שלום", "عربى،", "مرحبا؟", "我們", "天氣。", "東京は", "ひらがな", "「雨」", "สวัสดี", "한국어", "हिन्दी।",
        "👨‍👩‍👧‍👦", "🇩🇪", "❤️", "e\u{301}", "<", ">", "&", "-->", "--", "->", "<b>", "</i>", "{\\an8}", "&lt;",
        "\"quoted\"", "back\\slash", "two words", "line\nend", "line\r\nend", "tab\tend", "\u{0}nul", "\u{1B}[0m",
        "\u{2028}", "a\u{A0}b", "\u{A0}", "\u{200F}", "\u{FEFF}bom", "\u{301}", "\u{200D}",
        "1\n00:00:01,000 --> 00:00:02,000",
        "NOTE", "WEBVTT", "…", "", " ", "\n\n", "7",
    ]

    /// - Parameter wild: with times out of order, out of bounds and overlapping segments.
    init(seed: UInt64, wild: Bool) {
        random = SeededGenerator(seed: seed)
        self.wild = wild
    }

    mutating func transcript() -> Transcript {
        let speakers = (0..<Int.random(in: 0...3, using: &random)).map { "speaker_\($0)" }
        var segments: [Transcript.Segment] = []
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let speaker = speakers.randomElement(using: &random)
            segments.append(segment(by: speaker, of: speakers))
        }
        let spare = Int64.random(in: 0...3_000, using: &random)
        let duration = wild ? Int64.random(in: -10...max(clock, 1), using: &random) : clock + spare
        var transcript = Samples.transcript(segments, speakers: speakers, duration: duration)
        let confidences = [nil, 0, 1, 0.33335, 1.5, -1, .nan, .infinity]
        transcript.languageConfidence = confidences.randomElement(using: &random) ?? nil
        return transcript
    }

    private mutating func segment(by speaker: String?, of speakers: [String]) -> Transcript.Segment {
        advance(upTo: Bool.random(using: &random) ? 100 : 4_000)
        let start = clock
        var words: [Transcript.Word] = []
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let begin = clock
            advance(upTo: [0, 30, 600, 600, 600, 9_000].randomElement(using: &random) ?? 0)
            words.append(
                .init(
                    text: text(), start: time(begin), end: time(clock),
                    confidence: Bool.random(using: &random) ? Double.random(in: 0...1, using: &random) : nil,
                    speaker: Int.random(in: 0..<20, using: &random) == 0 ? speakers.randomElement(using: &random) : nil,
                    spaced: Int.random(in: 0..<4, using: &random) > 0))
        }
        let line = words.joinedText
        if Int.random(in: 0..<5, using: &random) == 0 { words = [] }
        return .init(speaker: speaker, start: time(start), end: time(clock), text: line, confidence: 0.5, words: words)
    }

    private mutating func text() -> String {
        if Int.random(in: 0..<40, using: &random) == 0 {
            let piece = Self.fragments.randomElement(using: &random) ?? ""
            return String(repeating: piece, count: Int.random(in: 1...60, using: &random))
        }
        return Self.fragments.randomElement(using: &random) ?? ""
    }

    private mutating func advance(upTo most: Int64) { clock += Int64.random(in: 0...most, using: &random) }

    private mutating func time(_ value: Int64) -> Int64 {
        guard wild else { return value }
        return switch Int.random(in: 0..<12, using: &random) {
        case 0: value - Int64.random(in: 0...20_000, using: &random)
        case 1: value + Int64.random(in: 0...20_000, using: &random)
        case 2: [Int64.min, Int64.max, -1, 0].randomElement(using: &random) ?? 0
        default: value
        }
    }
}

import Foundation

/// What an OpenAI-compatible server answers as `verbose_json`. Times in seconds from the start of the clip.
///
/// Servers differ in what they leave out, and in whether a number is one or a text; none of that makes an answer unreadable, and unknown
/// fields are passed over. An answer with neither `segments` nor `text` is none: decoding throws.
package struct WhisperResponse: Sendable {
    package struct Segment: Sendable {
        /// Nil where the server tells no times.
        let start, end: Double?
        let text: String
        /// Of the window of 30 seconds that the segment comes from, like the three figures after it.
        let averageLogProbability: Double?
        let noSpeechProbability: Double?
        let compressionRatio: Double?
        /// 0: the most probable words; 1: drawn by lot, the last thing that is tried.
        let temperature: Double?
        let words: [Word]
    }

    /// A word, a piece of one, or punctuation by itself.
    package struct Word: Sendable {
        /// With the space before it, where the server keeps one.
        let text: String
        let start, end: Double
        /// 0 to 1.
        let probability: Double?
    }

    /// Empty where the server answers with the text alone.
    private let segments: [Segment]
    private let text: String
    /// Words beside the segments. Where the segments hold words too they are the same ones.
    private let words: [Word]
    /// The model that ran, where the server says so.
    let model: String?
}

extension WhisperResponse: Decodable {
    private enum CodingKeys: String, CodingKey {
        case segments, text, words, model
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let segments = try values.decodeIfPresent([Segment].self, forKey: .segments)
        let text = try values.decodeIfPresent(String.self, forKey: .text)
        guard segments != nil || text != nil else {
            // An error in the clothes of a success must not become an empty transcript.
            throw DecodingError.dataCorruptedError(
                forKey: .text, in: values, debugDescription: "neither segments nor text")
        }
        self.segments = segments ?? []
        self.text = text ?? ""
        words = try values.decodeIfPresent([Word].self, forKey: .words) ?? []
        model = values.lenientText(.model)
    }
}

extension WhisperResponse.Segment: Decodable {
    private enum CodingKeys: String, CodingKey {
        case start, end, text, words, temperature
        case averageLogProbability = "avg_logprob"
        case noSpeechProbability = "no_speech_prob"
        case compressionRatio = "compression_ratio"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        start = values.lenientNumber(.start)
        end = values.lenientNumber(.end)
        text = values.lenientText(.text) ?? ""
        averageLogProbability = values.lenientNumber(.averageLogProbability)
        noSpeechProbability = values.lenientNumber(.noSpeechProbability)
        compressionRatio = values.lenientNumber(.compressionRatio)
        temperature = values.lenientNumber(.temperature)
        words = try values.decodeIfPresent([WhisperResponse.Word].self, forKey: .words) ?? []
    }
}

extension WhisperResponse.Word: Decodable {
    private enum CodingKeys: String, CodingKey {
        case word, text, start, end, probability
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        text = values.lenientText(.word) ?? values.lenientText(.text) ?? ""
        start = values.lenientNumber(.start) ?? 0
        end = values.lenientNumber(.end) ?? start
        probability = values.lenientNumber(.probability).map { min(max(0, $0), 1) }
    }
}

extension KeyedDecodingContainer {
    /// A finite number, or a text that is one; nil for anything else.
    fileprivate func lenientNumber(_ key: Key) -> Double? {
        let number =
            (try? decode(Double.self, forKey: key)) ?? (try? decode(String.self, forKey: key)).flatMap(Double.init)
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    fileprivate func lenientText(_ key: Key) -> String? { try? decode(String.self, forKey: key) }
}

extension WhisperResponse {
    /// What was heard, in milliseconds from the start of the clip: in order, nothing beyond `duration`, each segment with its words.
    ///
    /// Times that the server does not tell are spread evenly by characters over what is known, and marked approximate. Segments
    /// without a letter are left out.
    package func segments(within duration: Int64) -> [WhisperSegment] {
        let heard = segments.isEmpty ? [Segment(text: text)] : segments
        let texts = heard.map { WhisperText($0.text.isBlank ? $0.words.spelled : $0.text) }
        let ticks = Self.ticks(of: texts, in: heard, beside: words, within: duration)
        var result: [WhisperSegment] = []
        for (index, segment) in heard.enumerated() where !texts[index].letters.isEmpty {
            let earliest = result.last?.end ?? 0
            let start = segment.start.map { WhisperClock.milliseconds($0, within: duration) } ?? earliest
            let next = heard[(index + 1)...].lazy.compactMap(\.start).first
            let end = (segment.end ?? next).map { WhisperClock.milliseconds($0, within: duration) } ?? duration
            result.append(segment.timed(texts[index], ticks[index], in: min(start, end)..<max(start, end)))
        }
        return Self.placed(result)
    }

    /// By start, but segments that reach into one another keep the order in which they are listed: a start that is off by a little must
    /// not turn sentences around.
    private static func placed(_ segments: [WhisperSegment]) -> [WhisperSegment] {
        var last: Int64 = 0
        let keys = segments.map { segment in
            if segment.start >= last || segment.end <= last { last = segment.start }
            return last
        }
        // Swift's sort is stable, so equal keys keep their order.
        return zip(keys, segments).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The clock of each text's letters: from its segment's own words, else from the words of the whole answer.
    private static func ticks(
        of texts: [WhisperText], in segments: [Segment], beside words: [Word], within duration: Int64
    ) -> [[WhisperClock.Tick?]] {
        if segments.contains(where: { !$0.words.isEmpty }) {
            return zip(texts, segments).map { text, segment in
                WhisperClock(segment.words, of: (segment.start, segment.end), within: duration).ticks(of: text.letters)
            }
        }
        var rest = WhisperClock(words, within: duration).ticks(of: texts.flatMap(\.letters))[...]
        return texts.map { text in
            defer { rest = rest.dropFirst(text.letters.count) }
            return Array(rest.prefix(text.letters.count))
        }
    }
}

extension WhisperResponse.Segment {
    fileprivate init(text: String) {
        self.init(
            start: nil, end: nil, text: text, averageLogProbability: nil, noSpeechProbability: nil,
            compressionRatio: nil, temperature: nil, words: [])
    }

    /// The text's words at their times; `span` is where those lie that no clock tells.
    fileprivate func timed(_ text: WhisperText, _ ticks: [WhisperClock.Tick?], in span: Range<Int64>) -> WhisperSegment
    {
        var words: [Transcript.Word] = []
        let sure = averageLogProbability.map { min(1, exp($0)) }
        var previous: WhisperClock.Tick?
        var isBegun = false
        for unit in text.units {
            let own = ticks[unit.letters]
            let known = own.compactMap(\.self)
            // A word of Chinese has several characters; one of English never goes on after a space.
            if let last = words.indices.last, !unit.spaced, unit.isUnspaced, let first = known.first, !first.isFirst,
                first.word == previous?.word
            {
                words[last].text += unit.text
                words[last].end = known.last?.end ?? first.end
            } else {
                let heard = Dictionary(known.map { ($0.word, $0.confidence) }, uniquingKeysWith: { first, _ in first })
                let rates = heard.values.compactMap(\.self)
                isBegun = own.first??.isFirst == true
                words.append(
                    Transcript.Word(
                        text: unit.text, start: known.first?.start ?? -1, end: known.last?.end ?? -1,
                        confidence: rates.isEmpty ? sure : rates.reduce(0, +) / Double(rates.count),
                        spaced: unit.spaced))
            }
            words[words.count - 1].approximate = isBegun && own.last??.isLast == true ? nil : true
            previous = known.last
        }
        words.spreadUnknown(over: span)
        let probabilities = self.words.compactMap(\.probability)
        let isClocked = ticks.contains { $0 != nil }
        return WhisperSegment(
            start: isClocked ? words.first?.start ?? span.lowerBound : span.lowerBound,
            end: isClocked ? words.last?.end ?? span.upperBound : span.upperBound, words: words,
            averageLogProbability: averageLogProbability, noSpeechProbability: noSpeechProbability,
            compressionRatio: compressionRatio, temperature: temperature,
            wordProbability: probabilities.isEmpty ? nil : probabilities.reduce(0, +) / Double(probabilities.count))
    }
}

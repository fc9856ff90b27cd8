import Foundation

/// The `verbose_json` answer of an OpenAI-compatible server. Times are in seconds from the start of the clip.
///
/// Servers omit different members, and some write numbers as strings; all of that is accepted, and unknown members are ignored. Decoding
/// throws only if an answer has neither `segments` nor `text`.
package struct WhisperResponse: Sendable {
    package struct Segment: Sendable {
        /// Nil if the server sends no times.
        let start, end: Double?
        let text: String
        /// This and the next three figures are of the 30-second window that the segment comes from.
        let averageLogProbability: Double?
        let noSpeechProbability: Double?
        let compressionRatio: Double?
        /// 0: the most probable words; 1: words drawn at random, the model's last attempt.
        let temperature: Double?
        let words: [Word]
    }

    /// A word, a piece of one, or punctuation by itself.
    package struct Word: Sendable {
        /// With the space before it, if the server keeps it.
        let text: String
        let start, end: Double
        /// 0 to 1.
        let probability: Double?
    }

    /// Empty if the server sends only the text.
    private let segments: [Segment]
    private let text: String
    /// Words that the server lists outside the segments. If the segments have words, too, they are the same ones.
    private let words: [Word]
    /// The model that ran, if the server names it.
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
            // An error that is sent with status 200 must not become an empty transcript.
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
    /// Returns a finite number, which may be written as a string; nil for anything else.
    fileprivate func lenientNumber(_ key: Key) -> Double? {
        let number =
            (try? decode(Double.self, forKey: key)) ?? (try? decode(String.self, forKey: key)).flatMap(Double.init)
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    fileprivate func lenientText(_ key: Key) -> String? { try? decode(String.self, forKey: key) }
}

extension WhisperResponse {
    /// Returns the segments with their words, in order, in milliseconds from the start of the clip, none beyond `duration`.
    ///
    /// Words without times are marked approximate. They divide the time between the words around them, in proportion to their numbers of
    /// characters. Segments without a letter are left out.
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

    /// Sorts segments by start. Segments that overlap keep the server's order, so that a slightly wrong start doesn't swap sentences.
    private static func placed(_ segments: [WhisperSegment]) -> [WhisperSegment] {
        var last: Int64 = 0
        let keys = segments.map { segment in
            if segment.start >= last || segment.end <= last { last = segment.start }
            return last
        }
        // Swift's sort is stable, so equal keys keep their order.
        return zip(keys, segments).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Returns the times of each text's letters, from its segment's own words, else from the words outside the segments.
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

    /// Returns the text's words with their times. Words without known times are spread over `span`.
    fileprivate func timed(_ text: WhisperText, _ ticks: [WhisperClock.Tick?], in span: Range<Int64>) -> WhisperSegment
    {
        var words: [Transcript.Word] = []
        let sure = averageLogProbability.map { min(1, exp($0)) }
        var previous: WhisperClock.Tick?
        var isBegun = false
        for unit in text.units {
            let own = ticks[unit.letters]
            let known = own.compactMap(\.self)
            // A Chinese word has several units, one per character; a word of a script with spaces never continues after a space.
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

extension Array<Transcript.Word> {
    /// Sets unknown times (-1): the words divide the time between the known times around them, in proportion to their lengths.
    ///
    /// Before the first known word, the time begins at the start of `span`; after the last one, it ends at the end of `span`.
    mutating func spreadUnknown(over span: Range<Int64>) {
        var index = startIndex
        while index < endIndex {
            guard self[index].start < 0 else {
                index += 1
                continue
            }
            let after = self[index...].firstIndex { $0.start >= 0 } ?? endIndex
            let next = after < endIndex ? self[after].start : nil
            // Known words may overlap, so don't start after the next known word.
            let from = Swift.min(index > startIndex ? self[index - 1].end : span.lowerBound, next ?? .max)
            let until = next ?? Swift.max(from, span.upperBound)
            let total = Int64(self[index..<after].reduce(0) { $0 + $1.text.count })
            var before: Int64 = 0
            for place in index..<after {
                self[place].start = from + (until - from) * before / Swift.max(1, total)
                before += Int64(self[place].text.count)
                self[place].end = from + (until - from) * before / Swift.max(1, total)
            }
            index = after
        }
    }
}

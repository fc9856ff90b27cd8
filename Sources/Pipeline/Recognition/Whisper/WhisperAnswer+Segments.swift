import Foundation

extension WhisperAnswer {
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
            result.append(segment.told(texts[index], ticks[index], in: min(start, end)..<max(start, end)))
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

extension WhisperAnswer.Segment {
    fileprivate init(text: String) {
        self.init(
            start: nil, end: nil, text: text, averageLogProbability: nil, noSpeechProbability: nil,
            compressionRatio: nil, temperature: nil, words: [])
    }

    /// The text's words at their times; `span` is where those lie that no clock tells.
    fileprivate func told(_ text: WhisperText, _ ticks: [WhisperClock.Tick?], in span: Range<Int64>) -> WhisperSegment {
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

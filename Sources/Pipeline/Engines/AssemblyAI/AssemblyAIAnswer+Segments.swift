// From AssemblyAI's words to our segments. Whatever their numbers say, the result keeps the promises of
// `Transcript.ordered()`, lies within the piece and holds every word.

extension AssemblyAIAnswer {
    /// What was heard in a piece of that many milliseconds, in segments of at most 30 seconds.
    package func segments(within duration: Int64) -> [Transcript.Segment] {
        let words = orderedWords(within: max(0, duration))
        if !words.isEmpty { return AssemblyAISegmenting.segments(of: words) }
        guard let text = text?.onOneLine, !text.isEmpty else { return [] }
        return [
            Transcript.Segment(start: 0, end: max(0, duration), text: text, confidence: confidence.map(Self.fraction))
        ]
    }

    private func orderedWords(within duration: Int64) -> [Transcript.Word] {
        var previousEnd: Int64 = 0
        var result = words.map { word in
            let start = word.start.map { Self.milliseconds($0, within: duration) }
            let end = word.end.map { Self.milliseconds($0, within: duration) }
            let begin = start ?? previousEnd
            let finish = max(begin, end ?? begin)
            previousEnd = finish
            return Transcript.Word(
                text: word.text, start: begin, end: finish, confidence: word.confidence.map(Self.fraction),
                approximate: start == nil || end == nil ? true : nil)
        }
        // Swift's sort is stable, so words with equal starts keep their order.
        if !zip(result, result.dropFirst()).allSatisfy({ $0.start <= $1.start }) {
            result.sort { $0.start < $1.start }
        }
        for (index, next) in result.indices.dropFirst().enumerated() {
            result[index].end = min(result[index].end, result[next].start)
            result[next].spaced = !Self.join(result[index].text, result[next].text)
        }
        return result
    }

    private static func milliseconds(_ number: Double, within duration: Int64) -> Int64 {
        Int64(min(max(0, number.rounded()), Double(duration)))
    }

    private static func fraction(_ number: Double) -> Double { min(max(0, number), 1) }

    /// Their words come without the spaces around them; scripts that have none between words are told by their characters.
    private static func join(_ left: String, _ right: String) -> Bool {
        guard let last = left.last, let first = right.first else { return false }
        return last.isWrittenWithoutSpaces && first.isWrittenWithoutSpaces
    }
}

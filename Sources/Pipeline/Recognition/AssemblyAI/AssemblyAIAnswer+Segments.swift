// From AssemblyAI's words to our segments. Whatever their numbers say, the result keeps the promises of
// `Transcript.ordered()`, lies within the piece and holds every word, in the order in which they list them: a time that contradicts that
// order is mended between its neighbors.

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
        let told = words.map { word in
            SpokenTime(
                start: word.start.map(Self.milliseconds), end: word.end.map(Self.milliseconds),
                bytes: word.text.utf8.count)
        }
        var result = zip(words, SpokenTime.mended(told, within: 0...duration)).map { word, time in
            Transcript.Word(
                text: word.text, start: time.start, end: time.end, confidence: word.confidence.map(Self.fraction),
                approximate: word.start == nil || word.end == nil ? true : nil)
        }
        for index in result.indices.dropFirst() {
            result[index].spaced = !Self.join(result[index - 1].text, result[index].text)
        }
        return result
    }

    /// Whatever number they send.
    private static func milliseconds(_ number: Double) -> Int64 { Int64(min(max(-1e15, number.rounded()), 1e15)) }

    private static func fraction(_ number: Double) -> Double { min(max(0, number), 1) }

    /// Their words come without the spaces around them; scripts that have none between words are told by their characters.
    private static func join(_ left: String, _ right: String) -> Bool {
        guard let last = left.last, let first = right.first else { return false }
        return last.isWrittenWithoutSpaces && first.isWrittenWithoutSpaces
    }
}

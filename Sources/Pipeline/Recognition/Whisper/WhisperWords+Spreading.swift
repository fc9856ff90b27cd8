extension Array<Transcript.Word> {
    /// Sets unknown times (-1): the words share the time between their known neighbors by their lengths.
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

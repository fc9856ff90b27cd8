/// Joins two chunks that were cut in mid-speech. Both contain some seconds on either side of the cut, and each word must be kept once.
///
/// Times near a border differ a little between two recognitions, so no fixed time is a safe cut. A word that both chunks have at the same time is:
/// up to this word the first chunk is used, after it the second. If there is no such word, the middle of each word decides.
package struct ChunkOverlap: Sendable {
    /// How much the times of the same word may differ in the two chunks, in milliseconds.
    private static let tolerance: Int64 = 300

    /// The time of the cut, in milliseconds from the start of the recording.
    let moment: Int64

    package init(at moment: Int64) { self.moment = moment }

    /// Returns what to keep of both sides: each word once, in order, and no word of the second side before the last one of the first.
    package func join(_ before: [LeveledSegment], _ after: [LeveledSegment]) -> ([LeveledSegment], [LeveledSegment]) {
        let (kept, rest) = parted(before, after)
        guard let last = kept.last?.segment.words.last?.start else { return (kept, rest) }
        return (kept, rest.map { $0.notBefore(last) })
    }

    private func parted(_ before: [LeveledSegment], _ after: [LeveledSegment]) -> ([LeveledSegment], [LeveledSegment]) {
        let reach = Samples.milliseconds(ChunkCutter.overlap) + Self.tolerance
        let first = before.suffix(while: { $0.segment.end >= moment - reach })
        let second = Array(after.prefix(while: { $0.segment.start <= moment + reach }))
        guard let (last, next) = meeting(first.flatMap(\.segment.words), second.flatMap(\.segment.words), reach) else {
            return (
                before.compactMap { $0.keeping { $0.middle < moment } },
                after.compactMap { $0.keeping { $0.middle >= moment } }
            )
        }
        // Words up to the common one, and those after it. By position, because times may be equal.
        return (
            before.dropLast(first.count) + first.taking(first: last + 1),
            second.dropping(first: next + 1) + after.dropFirst(second.count)
        )
    }

    /// Returns the positions of the common word nearest to the cut, in the first and the second side.
    private func meeting(_ first: [Transcript.Word], _ second: [Transcript.Word], _ reach: Int64) -> (Int, Int)? {
        var best: (Int, Int)?
        var distance = (Int64.max, Int64.max)
        for (i, word) in first.enumerated() where abs(word.middle - moment) <= reach && !word.essence.isEmpty {
            for (j, other) in second.enumerated() where abs(other.middle - word.middle) <= Self.tolerance {
                // If a word is repeated, the two occurrences that are closest together are the same one.
                let away = (abs(word.middle - moment), abs(other.middle - word.middle))
                if away < distance, word.essence == other.essence { (best, distance) = ((i, j), away) }
            }
        }
        return best
    }
}

extension LeveledSegment {
    /// Returns the segment with the words that pass; nil if none is left. A segment without words is kept as a whole or not at all.
    fileprivate func keeping(_ passes: (Transcript.Word) -> Bool) -> Self? {
        if segment.words.isEmpty {
            let whole = Transcript.Word(text: segment.text, start: segment.start, end: segment.end)
            return passes(whole) ? self : nil
        }
        return segment.with(words: segment.words.filter(passes)).map { LeveledSegment(segment: $0, level: level) }
    }
}

extension LeveledSegment {
    /// Returns the segment with no time before `time`. Near a cut, times of the two chunks may cross by some tenths of a second.
    fileprivate func notBefore(_ time: Int64) -> Self {
        guard segment.start < time else { return self }
        var moved = segment
        moved.start = time
        moved.end = max(moved.end, time)
        for index in moved.words.indices {
            moved.words[index].start = max(moved.words[index].start, time)
            moved.words[index].end = max(moved.words[index].end, time)
        }
        return LeveledSegment(segment: moved, level: level)
    }
}

extension BidirectionalCollection<LeveledSegment> {
    fileprivate func suffix(while passes: (LeveledSegment) -> Bool) -> [LeveledSegment] {
        Array(reversed().prefix(while: passes).reversed())
    }
}

extension [LeveledSegment] {
    /// Returns the first `count` words, in their segments.
    fileprivate func taking(first count: Int) -> [LeveledSegment] {
        var left = count
        return compactMap { heard in
            let words = heard.segment.words.prefix(left)
            left -= words.count
            return heard.segment.with(words: [Transcript.Word](words)).map {
                LeveledSegment(segment: $0, level: heard.level)
            }
        }
    }

    /// Returns all words after the first `count`, in their segments.
    fileprivate func dropping(first count: Int) -> [LeveledSegment] {
        var left = count
        return compactMap { heard in
            let words = heard.segment.words.dropFirst(left)
            left -= heard.segment.words.count - words.count
            return heard.segment.with(words: [Transcript.Word](words)).map {
                LeveledSegment(segment: $0, level: heard.level)
            }
        }
    }
}

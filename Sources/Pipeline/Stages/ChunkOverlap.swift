/// Where two chunks meet that had to be cut in mid-speech: both heard some seconds on either side, and each word must be kept once.
///
/// Times near a border vary a little between two recognitions, so no moment is safe to cut at. A word that both heard at the same time
/// is: up to it the first chunk is believed, after it the second. Where there is none, the word's middle decides.
package struct ChunkOverlap: Sendable {
    /// Milliseconds between two hearings of one word, at most.
    private static let tolerance: Int64 = 300

    /// Milliseconds from the start of the source.
    let moment: Int64

    package init(at moment: Int64) { self.moment = moment }

    /// What to keep of both sides: each word once, in order, and no word of the second side before the last of the first.
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
        // Words up to the one that both heard, and those after it: by position, since times may tie.
        return (
            before.dropLast(first.count) + first.taking(first: last + 1),
            second.dropping(first: next + 1) + after.dropFirst(second.count)
        )
    }

    /// The word that both heard, nearest to the seam: its position in each.
    private func meeting(_ first: [Transcript.Word], _ second: [Transcript.Word], _ reach: Int64) -> (Int, Int)? {
        var best: (Int, Int)?
        var distance = (Int64.max, Int64.max)
        for (i, word) in first.enumerated() where abs(word.middle - moment) <= reach && !word.essence.isEmpty {
            for (j, other) in second.enumerated() where abs(other.middle - word.middle) <= Self.tolerance {
                // Of a word that is said again and again, the hearings that lie closest together are the same one.
                let away = (abs(word.middle - moment), abs(other.middle - word.middle))
                if away < distance, word.essence == other.essence { (best, distance) = ((i, j), away) }
            }
        }
        return best
    }
}

extension LeveledSegment {
    /// The segment with the words that pass; whole or not at all where it has no words. Nil when nothing is left.
    fileprivate func keeping(_ passes: (Transcript.Word) -> Bool) -> Self? {
        if segment.words.isEmpty {
            let whole = Transcript.Word(text: segment.text, start: segment.start, end: segment.end)
            return passes(whole) ? self : nil
        }
        return segment.with(words: segment.words.filter(passes)).map { LeveledSegment(segment: $0, level: level) }
    }
}

extension LeveledSegment {
    /// Two hearings of the same moment may tell times that cross by some tenths of a second: those of the second give way.
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
    /// The first so many words, in their segments.
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

    /// All but the first so many words.
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

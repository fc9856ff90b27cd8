/// Decides where a source is cut for recognition: in silences, into chunks long enough for the model and short enough to share out.
///
/// What counts is speech, for the model hears no silence: a chunk aims at a sixth of the speech that is left, at most 5 min, at least 90 s
/// (60 s in a short source), and at no more than 8 min of audio. So a short source is shared out too, and a long one ends in small chunks,
/// which keep all workers busy to the end. Longer chunks gain nothing; shorter ones cost the model time: it always hears 30 s at once,
/// and the last 30 s of a chunk are seldom full. All positions are samples from the start of the source.
package struct ChunkCutter: Sendable {
    /// No chunk is longer.
    package static let longest: Int64 = 600 * Samples.perSecond
    /// What two chunks share of a source that had to be cut in mid-speech, on either side of the cut.
    package static let overlap = Samples.perSecond * 5 / 2
    private static let longestAim: Int64 = 480 * Samples.perSecond
    private static let targets = (60 * Samples.perSecond)...(300 * Samples.perSecond)
    /// The smallest target of a source that is long enough to afford it.
    private static let thrifty: Int64 = 90 * Samples.perSecond
    /// Silences shorter than this are pauses within a sentence.
    private static let shortestSilence = Samples.perSecond / 2

    /// A part of the source that is recognized by itself.
    package struct Cut: Sendable, Equatable {
        /// The part of the source that this chunk answers for.
        package let samples: Range<Int64>
        /// What is given to the engine: `samples`, and some more where the cut is not in a silence.
        package let audio: Range<Int64>
        /// Where somebody speaks in `audio`.
        package let speech: [Range<Int64>]
    }

    private let total: Int64
    private let speech: [Range<Int64>]
    /// How much speech there is from each span on; a zero behind the last.
    private let speechFrom: [Int64]
    private let smallestTarget: Int64

    /// - Parameter speech: in order, apart from each other, within 0 and `total`.
    package init(total: Int64, speech: [Range<Int64>]) {
        self.total = total
        self.speech = speech
        var sums: [Int64] = [0]
        for span in speech.reversed() { sums.append(sums[sums.count - 1] + Int64(span.count)) }
        speechFrom = sums.reversed()
        smallestTarget = min(max(speechFrom[0] / 8, Self.targets.lowerBound), Self.thrifty)
    }

    /// The chunks: they part the source without gap or overlap.
    package func cuts() -> [Cut] {
        var cuts: [Cut] = []
        var start: Int64 = 0
        var overlapBefore: Int64 = 0
        var next = 0
        while start < total {
            while next < speech.count, speech[next].upperBound + Self.overlap <= start { next += 1 }
            let (end, overlap) = end(of: start, from: next)
            let audio = max(0, start - overlapBefore)..<min(total, end + overlap)
            let heard = speech[next...].prefix { $0.lowerBound < audio.upperBound }
                .map { $0.clamped(to: audio) }.filter { !$0.isEmpty }
            cuts.append(Cut(samples: start..<end, audio: audio, speech: heard))
            (start, overlapBefore) = (end, overlap)
        }
        return cuts
    }

    /// Where the chunk that begins at `start` ends, and how much it shares with the next.
    ///
    /// In the silence nearest to the target; without one, in the longest pause in reach; without any, at the target itself.
    private func end(of start: Int64, from first: Int) -> (Int64, overlap: Int64) {
        let left = speechLeft(at: start, from: first)
        let target = min(max(left / 6, smallestTarget), Self.targets.upperBound)
        guard left > target + target / 2 || total - start > Self.longest else { return (total, 0) }
        let aim = position(behind: target, of: start, from: first, atMost: Self.longestAim)
        let reach =
            position(
                behind: target / 2, of: start, from: first, atMost: Self.longestAim / 2)..<position(
                behind: target + target / 2, of: start, from: first, atMost: Self.longest)
        let gaps = gaps(from: first, until: reach.upperBound).map { (gap: $0, cut: Self.cut(in: $0, near: aim)) }
            .filter { reach.contains($0.cut) }
        let silences = gaps.filter { Int64($0.gap.count) >= Self.shortestSilence }
        if let best = silences.min(by: { abs($0.cut - aim) < abs($1.cut - aim) }) { return (best.cut, 0) }
        return (gaps.max { $0.gap.count < $1.gap.count }?.cut ?? aim, Self.overlap)
    }

    /// How much of `start` and later is speech; `first` is the first span that reaches as far, or one that ends shortly before.
    private func speechLeft(at start: Int64, from first: Int) -> Int64 {
        let begun = speech[first...].prefix { $0.lowerBound < start }
        return begun.reduce(speechFrom[first]) { $0 - (min(start, $1.upperBound) - $1.lowerBound) }
    }

    /// Where `amount` of speech has been heard since `start`, or the source has gone on for `limit`.
    private func position(behind amount: Int64, of start: Int64, from first: Int, atMost limit: Int64) -> Int64 {
        let last = min(total, start + limit)
        var missing = amount
        for span in speech[first...] where span.upperBound > start {
            let begin = max(span.lowerBound, start)
            if begin + missing <= span.upperBound { return min(begin + missing, last) }
            if span.upperBound >= last { break }
            missing -= span.upperBound - begin
        }
        return last
    }

    /// The middle of a short gap; in a long one, as near to `aim` as half a silence's distance from speech allows.
    private static func cut(in gap: Range<Int64>, near aim: Int64) -> Int64 {
        let margin = min(Int64(gap.count) / 2, shortestSilence)
        return min(max(aim, gap.lowerBound + margin), gap.upperBound - margin)
    }

    /// Where nobody speaks, from the `first` span of speech on, as far as `end`.
    private func gaps(from first: Int, until end: Int64) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        var position = first == 0 ? 0 : speech[first - 1].upperBound
        for span in speech[first...] where position < end {
            if span.lowerBound > position { gaps.append(position..<span.lowerBound) }
            position = max(position, span.upperBound)
        }
        if position < end { gaps.append(position..<total) }
        return gaps
    }
}

/// Cuts a source for recognition: at silences, into chunks long enough for the model and short enough to spread over workers.
///
/// Only speech counts, because the model doesn't recognize silence. Each chunk aims at a sixth of the remaining speech, at most 5 min, at
/// least 90 s (60 s in a short source), and at no more than 8 min of audio. So even a short source is spread over workers, and a long one
/// ends with small chunks, which keep all workers busy to the end. Longer chunks gain nothing. Shorter ones take the model more time,
/// because it always processes 30 s at a time, and the last 30 s of a chunk are seldom full.
///
/// All positions are samples from the start of the source.
package struct ChunkCutter: Sendable {
    /// The longest chunk.
    package static let longest: Int64 = 600 * Samples.perSecond
    /// If the cut is in mid-speech, each of the two chunks extends this far beyond it.
    package static let overlap = Samples.perSecond * 5 / 2
    private static let longestAim: Int64 = 480 * Samples.perSecond
    private static let targets = (60 * Samples.perSecond)...(300 * Samples.perSecond)
    /// The smallest target in a source that is long enough.
    private static let thrifty: Int64 = 90 * Samples.perSecond
    /// Shorter silences are pauses within a sentence.
    private static let shortestSilence = Samples.perSecond / 2

    /// The place of one chunk in the source.
    package struct Cut: Sendable, Equatable {
        /// The chunk without overlaps.
        package let samples: Range<Int64>
        /// What the engine gets: `samples`, and the overlaps where a cut isn't in a silence.
        package let audio: Range<Int64>
        /// Where somebody speaks in `audio`.
        package let speech: [Range<Int64>]
    }

    private let total: Int64
    private let speech: [Range<Int64>]
    /// For each span, how much speech there is from its start to the end of the source; then a zero.
    private let speechFrom: [Int64]
    private let smallestTarget: Int64

    /// - Parameters:
    ///   - total: Length of the source.
    ///   - speech: Where somebody speaks: ranges in order, with gaps between them, within 0 and `total`.
    package init(total: Int64, speech: [Range<Int64>]) {
        self.total = total
        self.speech = speech
        var sums: [Int64] = [0]
        for span in speech.reversed() { sums.append(sums[sums.count - 1] + Int64(span.count)) }
        speechFrom = sums.reversed()
        smallestTarget = min(max(speechFrom[0] / 8, Self.targets.lowerBound), Self.thrifty)
    }

    /// Returns the chunks of a part of a source, which begins and ends in silences.
    package static func cuts(of part: Range<Int64>, speech: [Range<Int64>]) -> [Cut] {
        let start = part.lowerBound
        func moved(_ range: Range<Int64>, by offset: Int64) -> Range<Int64> {
            range.lowerBound + offset..<range.upperBound + offset
        }
        let inside = speech.filter { $0.overlaps(part) }.map { moved($0.clamped(to: part), by: -start) }
        return ChunkCutter(total: Int64(part.count), speech: inside).cuts().map { cut in
            Cut(
                samples: moved(cut.samples, by: start), audio: moved(cut.audio, by: start),
                speech: cut.speech.map { moved($0, by: start) })
        }
    }

    /// Returns the chunks. Their `samples` cover the source without gaps or overlaps.
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

    /// Returns where the chunk that begins at `start` ends, and how far it overlaps the next.
    ///
    /// It ends in the silence nearest to the target; without one, in the longest pause in reach; without any, at the target itself.
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

    /// Returns how much speech there is from `start` on. `first` is the first span that reaches `start`, or one that ends shortly before.
    private func speechLeft(at start: Int64, from first: Int) -> Int64 {
        let begun = speech[first...].prefix { $0.lowerBound < start }
        return begun.reduce(speechFrom[first]) { $0 - (min(start, $1.upperBound) - $1.lowerBound) }
    }

    /// Returns the position at which `amount` of speech has passed since `start`, at most `limit` after `start`.
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

    /// Returns where to cut in a gap: in the middle of a short one; in a long one as near to `aim` as possible, but half a second away from
    /// speech.
    private static func cut(in gap: Range<Int64>, near aim: Int64) -> Int64 {
        let margin = min(Int64(gap.count) / 2, shortestSilence)
        return min(max(aim, gap.lowerBound + margin), gap.upperBound - margin)
    }

    /// Returns the gaps between speech, from the gap before span `first` on, as far as `end`.
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

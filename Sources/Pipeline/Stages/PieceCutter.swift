/// Decides where a source is cut for recognition: in silences, into pieces long enough for the model and short enough to share out.
///
/// A piece aims at an eighth of what is left of the source, between 60 s and 4 min: so a short source is shared out too, and a long one
/// ends in small pieces, which keep all workers busy to the end. Longer pieces gain nothing; shorter ones cost the model time, since it
/// always hears 30 s at once. All positions are samples from the start of the source.
package struct PieceCutter: Sendable {
    /// No piece is longer.
    package static let longest: Int64 = 360 * Samples.perSecond
    /// What two pieces share of a source that had to be cut in mid-speech, on either side of the cut.
    package static let overlap = Samples.perSecond * 5 / 2
    private static let targets = (60 * Samples.perSecond)...(240 * Samples.perSecond)
    /// Silences shorter than this are pauses within a sentence.
    private static let shortestSilence = Samples.perSecond / 2

    /// A stretch of the source that is recognised by itself.
    package struct Cut: Sendable, Equatable {
        /// The part of the source that this piece answers for.
        package let samples: Range<Int64>
        /// What is given to the engine: `samples`, and some more where the cut is not in a silence.
        package let audio: Range<Int64>
        /// Where somebody speaks in `audio`.
        package let speech: [Range<Int64>]
    }

    private let total: Int64
    private let speech: [Range<Int64>]

    /// - Parameter speech: in order, apart from each other, within 0 and `total`.
    package init(total: Int64, speech: [Range<Int64>]) {
        self.total = total
        self.speech = speech
    }

    /// The pieces: they part the source without gap or overlap.
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

    /// Where the piece that begins at `start` ends, and how much it shares with the next.
    ///
    /// In the silence nearest to the target; without one, in the longest pause in reach; without any, at the target itself.
    private func end(of start: Int64, from first: Int) -> (Int64, overlap: Int64) {
        let target = min(max((total - start) / 8, Self.targets.lowerBound), Self.targets.upperBound)
        let longest = target + target / 2
        guard total - start > longest else { return (total, 0) }
        let aim = start + target
        let gaps = gaps(from: first, until: start + longest).map { (gap: $0, cut: Self.cut(in: $0, near: aim)) }
            .filter { (start + target / 2..<start + longest).contains($0.cut) }
        let silences = gaps.filter { Int64($0.gap.count) >= Self.shortestSilence }
        if let best = silences.min(by: { abs($0.cut - aim) < abs($1.cut - aim) }) { return (best.cut, 0) }
        return (gaps.max { $0.gap.count < $1.gap.count }?.cut ?? aim, Self.overlap)
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

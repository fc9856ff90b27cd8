/// Decides where a source is cut for recognition: in silences, into pieces long enough for the model and short enough to share out.
///
/// All positions are samples from the start of the stretch that is being looked at.
package struct PieceCutter: Sendable {
    /// The length that pieces aim for.
    package let target: Int64
    /// The length that no piece exceeds.
    package let longest: Int64
    /// Silences shorter than this are pauses within a sentence.
    private static let shortestSilence = Samples.perSecond / 2

    /// Pieces for a source of `total` samples: an eighth of it, so that a short one is shared out too, between 60 s and 4 min.
    /// Longer ones gain nothing; shorter ones cost the model time, since it always hears 30 s at once.
    package init(total: Int64) {
        target = min(max(total / 8, 60 * Samples.perSecond), 240 * Samples.perSecond)
        longest = target + target / 2
    }

    /// Where the piece that begins at 0 is to end, given where there is `speech` before `longest`.
    ///
    /// The middle of the silence nearest to the target; without one, of the longest pause in reach; without any, the target itself.
    package func cut(speech: [Range<Int64>], available: Int64) -> Int64 {
        if available <= longest { return available }
        let reach = (target / 2)..<longest
        let gaps = Self.gaps(between: speech, until: longest).filter { reach.contains(Self.middle($0)) }
        let silences = gaps.filter { Int64($0.count) >= Self.shortestSilence }
        if let best = silences.min(by: { distance($0) < distance($1) }) { return Self.middle(best) }
        if let best = gaps.max(by: { $0.count < $1.count }) { return Self.middle(best) }
        return target
    }

    private func distance(_ gap: Range<Int64>) -> Int64 { abs(Self.middle(gap) - target) }

    private static func middle(_ gap: Range<Int64>) -> Int64 { (gap.lowerBound + gap.upperBound) / 2 }

    private static func gaps(between speech: [Range<Int64>], until end: Int64) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        var position: Int64 = 0
        for span in speech {
            if span.lowerBound > position { gaps.append(position..<span.lowerBound) }
            position = max(position, span.upperBound)
        }
        if position < end { gaps.append(position..<end) }
        return gaps
    }
}

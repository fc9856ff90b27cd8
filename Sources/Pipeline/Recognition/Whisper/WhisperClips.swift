/// Cuts a chunk into clips that any server accepts: at most 30 seconds, which is Whisper's window.
///
/// The clips have all the speech, in order and without overlap; long silence between them is not sent. All times are milliseconds.
package struct WhisperClips: Sendable {
    package static let longest: Int64 = 30_000
    /// Silence kept before and after the speech of a clip, because a detector's spans begin late and end early.
    private static let padding: Int64 = 200
    /// Longer silences are not sent: they could only yield hallucinations.
    private static let longestSilence: Int64 = 3000
    /// Speech without a pause is cut at the quietest place in the last ten seconds of a clip.
    private static let cuttingReach: Int64 = 10_000

    private let audio: WAVSamples

    package init(_ audio: WAVSamples) {
        self.audio = audio
    }

    /// Returns the clips of the chunk.
    ///
    /// - Parameter speech: Where somebody speaks: ranges in order, with gaps between them; empty: not known, so that everything is sent.
    package func cut(at speech: [Range<Int64>]) -> [Range<Int64>] {
        let whole = 0..<audio.milliseconds
        var groups: [Range<Int64>] = []
        for span in (speech.isEmpty ? [whole] : speech).map({ $0.clamped(to: whole) }) where !span.isEmpty {
            if let last = groups.last, span.lowerBound - last.upperBound <= Self.longestSilence,
                span.upperBound - last.lowerBound <= Self.longest - 2 * Self.padding
            {
                groups[groups.count - 1] = last.lowerBound..<max(last.upperBound, span.upperBound)
            } else {
                groups.append(span)
            }
        }
        return groups.indices.flatMap { index in
            let before = index == 0 ? 0 : groups[index - 1].upperBound
            let after = index == groups.count - 1 ? whole.upperBound : groups[index + 1].lowerBound
            return shortened(Self.padded(groups[index], before: before, after: after))
        }
    }

    /// Returns the group widened by the padding, but at most halfway to its neighbors, and not so much that it would have to be cut.
    private static func padded(_ group: Range<Int64>, before: Int64, after: Int64) -> Range<Int64> {
        let lead = before == 0 ? group.lowerBound : (group.lowerBound - before) / 2
        let tail = (after - group.upperBound) / 2
        let room = Int64(group.count) > longest ? padding : (longest - Int64(group.count)) / 2
        return (group.lowerBound - min(padding, lead, room))..<(group.upperBound + min(padding, tail, room))
    }

    private func shortened(_ group: Range<Int64>) -> [Range<Int64>] {
        var clips: [Range<Int64>] = []
        var rest = group
        while rest.count > Self.longest {
            let latest = rest.lowerBound + Self.longest
            let cut = audio.weakest(in: (latest - Self.cuttingReach)..<latest)
            clips.append(rest.lowerBound..<cut)
            rest = cut..<rest.upperBound
        }
        return clips + [rest]
    }
}

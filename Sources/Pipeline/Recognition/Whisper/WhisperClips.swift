/// Parts a chunk into clips that any server takes: 30 seconds at most, which is what Whisper hears at once.
///
/// Clips hold all the speech, in order, without overlap; silence between them is not sent. All times are milliseconds.
package struct WhisperClips: Sendable {
    package static let longest: Int64 = 30_000
    /// Silence kept before and after the speech of a clip: a detector's spans begin late and end early.
    private static let padding: Int64 = 200
    /// Silences longer than this are not sent, since there is nothing to hear in them but invention.
    private static let longestSilence: Int64 = 3000
    /// Speech without a pause is cut in the last ten seconds of a clip, where the sound is weakest.
    private static let cuttingReach: Int64 = 10_000

    private let audio: WAVSamples

    package init(_ audio: WAVSamples) {
        self.audio = audio
    }

    /// - Parameter speech: in order, apart from each other; empty: nobody knows, so that everything is sent.
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

    /// Wider by the padding, but never more than half way to its neighbors, nor so much that it would have to be cut for it.
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

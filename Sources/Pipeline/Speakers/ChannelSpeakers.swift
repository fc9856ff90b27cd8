/// Speakers by channel: left is `speaker_0`, right is `speaker_1`. Crosstalk is removed and counted.
package enum ChannelSpeakers {
    /// A segment is crosstalk if the other channel has at least this share of its words at the same time.
    private static let sameWords = 0.8
    /// Two words are at the same time if they overlap by at least this share of the shorter one.
    private static let sameTime = 0.5

    /// Returns the segments of both channels by start, without crosstalk, and what was removed.
    package static func assigned(left: [LeveledSegment], right: [LeveledSegment]) -> (
        segments: [Transcript.Segment], speakers: [String], removed: [Transcript.Removed]
    ) {
        let speakers = ["speaker_0", "speaker_1"]
        var removed: [Transcript.Removed] = []
        func own(_ heard: [LeveledSegment], beside others: [LeveledSegment], onEqualTerms: Bool) -> [LeveledSegment] {
            heard.filter { heard in
                let isBleed = isBleed(heard, of: others, onEqualTerms: onEqualTerms)
                if isBleed { removed.count(heard.segment.words, .crosstalk) }
                return !isBleed
            }
        }
        let ownLeft = own(left, beside: right, onEqualTerms: false)
        // Compare with what is left of the left channel, so that no word is removed on both sides. If both are equally loud, neither is
        // crosstalk, but the words were said only once, so the right one goes.
        let ownRight = own(right, beside: ownLeft, onEqualTerms: true)
        var segments = zip([ownLeft, ownRight], speakers).flatMap { heard, speaker in
            heard.map { heard in
                var segment = heard.segment
                segment.speaker = speaker
                segment.speakerConfidence = 1
                return segment
            }
        }
        segments.sortKeepingSpeakers()
        return (segments, speakers, removed)
    }

    private static func isBleed(_ heard: LeveledSegment, of others: [LeveledSegment], onEqualTerms: Bool) -> Bool {
        let words = heard.segment.words
        guard !words.isEmpty else { return false }
        let near = others.filter { $0.segment.start < heard.segment.end && $0.segment.end > heard.segment.start }
        var matched = 0
        var level = 0.0
        for word in words {
            guard let other = near.first(where: { $0.segment.words.contains { same(word, $0) } }) else { continue }
            matched += 1
            level += other.level
        }
        guard matched > 0, Double(matched) >= sameWords * Double(words.count) else { return false }
        let otherLevel = level / Double(matched)
        return onEqualTerms ? heard.level <= otherLevel : heard.level < otherLevel
    }

    private static func same(_ word: Transcript.Word, _ other: Transcript.Word) -> Bool {
        let overlap = min(word.end, other.end) - max(word.start, other.start)
        let length = max(1, min(word.end - word.start, other.end - other.start))
        return Double(overlap) >= sameTime * Double(length) && word.essence == other.essence
    }
}

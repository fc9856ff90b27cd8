/// Takes out what Whisper writes where nobody says anything: in silence, noise and music, and when it gets stuck.
///
/// It judges by figures, times, sound and repetition, never by a list of phrases, so that it works in every language. It only ever takes
/// words out, and counts them; what has speech of its own behind it stays, however often it is said. Text that repeats nothing and that the
/// model is sure of comes back as it was, and so does everything the second time.
package struct HallucinationGuard: Sendable {
    /// Over this, a window's own measure says that nobody speaks in it.
    private static let silence = 0.6
    /// Under this, a window's decoding counts as failed.
    private static let failure = -1.0
    /// Under this, a segment's own words are guesses. Words of clear speech have 0.6 to 0.95 on average, of mumbled speech 0.4.
    private static let guess = 0.35
    /// From this on, words are drawn by lot, because the model's own checks refused all that it was surer of.
    private static let lot = 1.0
    /// Over this, a window repeats itself.
    private static let repetitive = 2.4
    /// Milliseconds by which a word's times may be wrong.
    private static let tolerance: Int64 = 500

    private let speech: [Range<Int64>]
    private let evidence: SpeechEvidence

    /// - Parameters:
    ///   - speech: where somebody speaks, in milliseconds, in order, apart from each other; empty: nobody knows.
    ///   - audio: what was recognized; nil: not known.
    package init(speech: [Range<Int64>], audio: WAVSamples? = nil) {
        self.speech = speech
        evidence = SpeechEvidence(speech: speech, audio: audio)
    }

    package func kept(of segments: [WhisperSegment]) -> [WhisperSegment] { judged(segments).kept }

    /// What is to be believed, and what is not, in order.
    package func judged(_ segments: [WhisperSegment]) -> (kept: [WhisperSegment], removed: [Transcript.Removed]) {
        var kept = segments
        var removed: [Transcript.Removed] = []
        var count: Int
        repeat {
            count = removed.count
            let believed = believed(kept)
            let loops = HallucinationLoops(evidence: evidence).removed(from: believed.kept)
            kept = loops.kept
            removed += believed.removed + loops.removed
            // A segment that has lost its loop may have nothing left that was said.
        } while removed.count > count
        return (kept, removed.sorted { $0.start < $1.start })
    }

    /// Without the segments that figures or spans condemn. Those that follow one another count as one.
    private func believed(_ segments: [WhisperSegment]) -> (kept: [WhisperSegment], removed: [Transcript.Removed]) {
        var kept: [WhisperSegment] = []
        var removed: [Transcript.Removed] = []
        var previous: Transcript.Removed.Reason?
        for segment in segments {
            let reason = inventionReason(segment)
            if reason == nil {
                kept.append(segment)
            } else if let reason, reason == previous, reason == removed.last?.reason, let last = segment.words.last {
                removed[removed.count - 1].words += segment.words.count
                removed[removed.count - 1].end = max(removed[removed.count - 1].end, last.end)
            } else if let reason {
                removed.count(segment.words, reason)
            }
            previous = reason
        }
        return (kept, removed)
    }

    /// Nil for what is to be believed.
    ///
    /// One witness may err: a window without speech before its last second, quiet speech, a rare name. Two do not, unless somebody is
    /// heard to speak: that takes three, or a window that was improbable and repeated itself.
    private func inventionReason(_ segment: WhisperSegment) -> Transcript.Removed.Reason? {
        let isSilent = segment.noSpeechProbability.map { $0 > Self.silence } == true
        let hasFailed = segment.averageLogProbability.map { $0 < Self.failure } == true
        let isGuessed = segment.wordProbability.map { $0 < Self.guess } == true
        let isDrawn = segment.temperature.map { $0 >= Self.lot } == true
        let witnesses = [isSilent, hasFailed, isGuessed, isDrawn].count { $0 }
        let isStuck = hasFailed && segment.compressionRatio.map { $0 > Self.repetitive } == true
        if witnesses >= 2, witnesses >= 3 || isStuck || !hasOwnSpeech(segment) {
            return isSilent ? .noSpeech : .lowConfidence
        }
        return isWithinSpeech(segment) ? nil : .noSpeech
    }

    /// Whether a detector hears speech under most of the segment's words.
    private func hasOwnSpeech(_ segment: WhisperSegment) -> Bool {
        guard evidence.knowsSpeech else { return false }
        let said = segment.words.reduce(Int64(0)) { $0 + evidence.speech(from: $1.start, to: $1.end) }
        return said > 0 && said * 2 >= segment.words.reduce(0) { $0 + $1.end - $1.start }
    }

    private func isWithinSpeech(_ segment: WhisperSegment) -> Bool {
        speech.isEmpty || segment.words.contains { speech.meets($0.start - Self.tolerance, $0.end + Self.tolerance) }
    }
}

extension [Transcript.Removed] {
    /// Adds words that follow one another.
    mutating func count(_ words: [Transcript.Word], _ reason: Transcript.Removed.Reason) {
        guard let first = words.first, let last = words.last else { return }
        let end = Swift.max(first.start, last.end)
        append(.init(start: first.start, end: end, words: words.count, reason: reason))
    }
}

extension [Range<Int64>] {
    /// Whether one of these ranges, which are in order and apart, has a moment between `start` and `end`.
    fileprivate func meets(_ start: Int64, _ end: Int64) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].upperBound <= start { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low].lowerBound < end
    }
}

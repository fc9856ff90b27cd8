/// Removes what Whisper makes up where nobody speaks (in silence, noise and music), and when it gets stuck in a loop.
///
/// It judges by the model's figures, times, sound and repetition, never by a list of phrases, so that it works in every language. It removes
/// words and counts them, and changes nothing else. Words that were really said stay, however often they are repeated. Text stays as it is
/// if it repeats nothing and the model is sure of it. Applied a second time, the guard changes nothing.
package struct HallucinationGuard: Sendable {
    /// If a window's no-speech probability is higher, nobody speaks in it.
    private static let silence = 0.6
    /// If a window's average log probability is lower, its decoding counts as failed.
    private static let failure = -1.0
    /// If the mean probability of a segment's words is lower, they are guesses. In clear speech it is 0.6 to 0.95, in mumbled speech 0.4.
    private static let guess = 0.35
    /// From this temperature on, words are drawn at random, because the model's own checks rejected all more probable ones.
    private static let lot = 1.0
    /// If a window's compression ratio is higher, it repeats itself.
    private static let repetitive = 2.4
    /// A word's times may be wrong by this many milliseconds.
    private static let tolerance: Int64 = 500

    private let speech: [Range<Int64>]
    private let evidence: SpeechEvidence

    /// - Parameters:
    ///   - speech: Where somebody speaks: ranges in milliseconds, in order, with gaps between them; empty: not known.
    ///   - audio: The audio that was recognized; nil: not known.
    package init(speech: [Range<Int64>], audio: WAVSamples? = nil) {
        self.speech = speech
        evidence = SpeechEvidence(speech: speech, audio: audio)
    }

    /// Returns what to keep and what was removed, each in order of time.
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
            // If a loop was removed from a segment, there may be no speech under the rest of it, so judge again.
        } while removed.count > count
        return (kept, removed.sorted { $0.start < $1.start })
    }

    /// Removes segments by their figures and by where there is speech. Consecutive ones with the same reason are counted as one removal.
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

    /// Returns why a segment is made up, or nil if it is to be kept.
    ///
    /// There are four signs. A single one can be wrong: if a window has speech only in its last second, if speech is quiet, or if a name is
    /// rare. Two are enough if no speech was detected under most of the words. If it was, three are needed, or two if the window's decoding
    /// failed and the window repeats itself.
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

    /// Returns whether speech was detected under most of the segment's words.
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
    /// Adds consecutive words as one removal.
    mutating func count(_ words: [Transcript.Word], _ reason: Transcript.Removed.Reason) {
        guard let first = words.first, let last = words.last else { return }
        let end = Swift.max(first.start, last.end)
        append(.init(start: first.start, end: end, words: words.count, reason: reason))
    }
}

extension [Range<Int64>] {
    /// Returns whether one of these ordered, separate ranges overlaps `start..<end`.
    fileprivate func meets(_ start: Int64, _ end: Int64) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].upperBound <= start { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low].lowerBound < end
    }
}

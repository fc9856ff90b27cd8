/// Takes out what Whisper writes where nobody says anything: in silence, noise and music, and when it gets stuck.
///
/// It judges by figures, times and repetition, never by a list of phrases, so that it works in every language. It only ever takes words
/// out, text that repeats nothing and that the model is sure of comes back as it was, and so does everything the second time.
package struct HallucinationGuard: Sendable {
    /// Over this, a window's own measure says that nobody speaks in it.
    private static let silence = 0.6
    /// Under this, a window's decoding counts as failed.
    private static let failure = -1.0
    /// Under this, a segment's own words are guesses. Words of clear speech have 0.6 to 0.95 on average, of mumbled speech 0.4.
    private static let guess = 0.35
    /// From this on, words are drawn by lot, because the model's own checks refused all that it was surer of.
    private static let lot = 1.0
    /// Milliseconds by which a word's times may be wrong.
    private static let tolerance: Int64 = 500

    private let speech: [Range<Int64>]

    /// - Parameter speech: where somebody speaks, in milliseconds, in order, apart from each other; empty: nobody knows.
    package init(speech: [Range<Int64>]) {
        self.speech = speech
    }

    package func kept(of segments: [WhisperSegment]) -> [WhisperSegment] {
        HallucinationLoops.removed(from: segments.filter { !Self.isInvented($0) && isWithinSpeech($0) })
    }

    /// One witness may err: a window without speech before its last second, quiet speech, a rare name. Two do not.
    private static func isInvented(_ segment: WhisperSegment) -> Bool {
        let witnesses = [
            segment.noSpeechProbability.map { $0 > silence }, segment.averageLogProbability.map { $0 < failure },
            segment.wordProbability.map { $0 < guess }, segment.temperature.map { $0 >= lot },
        ]
        return witnesses.count { $0 == true } >= 2
    }

    private func isWithinSpeech(_ segment: WhisperSegment) -> Bool {
        speech.isEmpty || segment.words.contains { speech.meets($0.start - Self.tolerance, $0.end + Self.tolerance) }
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

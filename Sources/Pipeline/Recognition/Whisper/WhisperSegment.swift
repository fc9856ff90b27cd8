import Foundation

/// A segment that a Whisper server recognized, with the figures that say how far to trust it.
package struct WhisperSegment: Timed, Sendable, Equatable {
    /// Milliseconds from the start of what was sent.
    package var start, end: Int64
    /// Never empty. Joined, they are the segment's text.
    package var words: [Transcript.Word]
    /// This and the next three figures are of the 30-second window that the segment comes from; nil if the server doesn't send them.
    package var averageLogProbability: Double?
    package var noSpeechProbability: Double?
    package var compressionRatio: Double?
    package var temperature: Double?
    /// The mean of the words' own probabilities; nil if the server sends none. It doesn't change when words are removed.
    package var wordProbability: Double?

    package init(
        start: Int64, end: Int64, words: [Transcript.Word], averageLogProbability: Double? = nil,
        noSpeechProbability: Double? = nil, compressionRatio: Double? = nil, temperature: Double? = nil,
        wordProbability: Double? = nil
    ) {
        self.start = start
        self.end = end
        self.words = words
        self.averageLogProbability = averageLogProbability
        self.noSpeechProbability = noSpeechProbability
        self.compressionRatio = compressionRatio
        self.temperature = temperature
        self.wordProbability = wordProbability
    }

    /// Returns the segment moved by `offset` milliseconds.
    package func moved(by offset: Int64) -> WhisperSegment {
        var moved = self
        moved.shift(by: offset)
        for index in moved.words.indices { moved.words[index].shift(by: offset) }
        return moved
    }

    package var transcribed: Transcript.Segment {
        let known = words.compactMap(\.confidence)
        return Transcript.Segment(
            start: start, end: end, text: words.joinedText,
            confidence: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count), words: words)
    }
}

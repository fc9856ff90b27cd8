import Foundation

/// A segment as a Whisper server heard it: in the pipeline's terms, with the figures that tell how far to trust it.
package struct WhisperSegment: Timed, Sendable, Equatable {
    /// Milliseconds from the start of what was sent.
    package var start, end: Int64
    /// Never empty. Their text is the segment's.
    package var words: [Transcript.Word]
    /// Of the window of 30 seconds that the segment comes from, like the three figures after it; nil where the server does not tell.
    package var averageLogProbability: Double?
    package var noSpeechProbability: Double?
    package var compressionRatio: Double?
    package var temperature: Double?
    /// The mean of the words' own probabilities; nil where the server has none. It stays what it was when words are taken out.
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

    /// Later by `offset` milliseconds.
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

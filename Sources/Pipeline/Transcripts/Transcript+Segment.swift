extension Transcript {
    /// A few seconds of text by one speaker, as the recognizer cut it. Times are in milliseconds.
    package struct Segment: Sendable, Equatable, Codable {
        /// An id from the transcript's `speakers`; nil without diarization.
        package var speaker: String?
        /// 0 to 1; exactly 1 if the speaker is known by the channel.
        package var speakerConfidence: Double?
        package var start: Int64
        package var end: Int64
        package var text: String
        package var confidence: Double?
        /// Set only if the chunks of a transcript were recognized by different engines.
        package var engine: String?
        /// Whisper's code. Set only if the recording changes between languages.
        package var language: String?
        /// May be empty, because some recognizers return no words.
        package var words: [Word]

        package init(
            speaker: String? = nil, speakerConfidence: Double? = nil, start: Int64, end: Int64, text: String,
            confidence: Double? = nil, engine: String? = nil, words: [Word] = []
        ) {
            self.speaker = speaker
            self.speakerConfidence = speakerConfidence
            self.start = start
            self.end = end
            self.text = text
            self.confidence = confidence
            self.engine = engine
            self.words = words
        }

        private enum CodingKeys: String, CodingKey {
            case speaker = "k"
            case speakerConfidence = "kc"
            case start = "s"
            case end = "e"
            case text = "t"
            case confidence = "c"
            case engine = "by"
            case language = "l"
            case words = "w"
        }
    }
}

extension Transcript.Segment {
    /// Returns the segment moved by `offset` milliseconds.
    func moved(by offset: Int64) -> Self {
        var moved = self
        moved.shift(by: offset)
        for index in moved.words.indices { moved.words[index].shift(by: offset) }
        return moved
    }

    /// Returns the segment with only these of its words; nil if there are none.
    func with(words kept: [Transcript.Word]) -> Self? {
        guard let first = kept.first, let last = kept.last else { return nil }
        if kept.count == words.count { return self }
        var segment = self
        segment.words = kept
        segment.start = first.start
        segment.end = max(last.end, first.start)
        segment.text = kept.joinedText
        let known = kept.compactMap(\.confidence)
        if !known.isEmpty { segment.confidence = known.reduce(0, +) / Double(known.count) }
        return segment
    }
}

extension Transcript {
    /// One recognized word with its punctuation. Times are in milliseconds.
    package struct Word: Sendable, Equatable {
        /// The text without spaces around it.
        package var text: String
        package var start: Int64
        package var end: Int64
        /// 0 to 1.
        package var confidence: Double?
        /// Nil: the segment's speaker.
        package var speaker: String?
        /// True if the times weren't measured but estimated from a longer time.
        package var approximate: Bool?
        /// Whether there is a space before this word: false in Chinese, Japanese or Thai, and for what continues a word ("'s", "-known").
        package var spaced: Bool

        package init(
            text: String, start: Int64, end: Int64, confidence: Double? = nil, speaker: String? = nil,
            approximate: Bool? = nil, spaced: Bool = true
        ) {
            self.text = text
            self.start = start
            self.end = end
            self.confidence = confidence
            self.speaker = speaker
            self.approximate = approximate
            self.spaced = spaced
        }

        /// Creates a word from Whisper's form, in which a leading space means that there is a space before the word.
        package init(
            recognized: String, start: Int64, end: Int64, confidence: Double? = nil, speaker: String? = nil,
            approximate: Bool? = nil
        ) {
            self.init(
                text: recognized.onOneLine, start: start, end: end, confidence: confidence, speaker: speaker,
                approximate: approximate, spaced: recognized.unicodeScalars.first?.isSeparator ?? true)
        }
    }
}

extension Transcript.Word {
    var middle: Int64 { (start + end) / 2 }

    /// The word in lower case without punctuation, for comparing the words of two recognitions.
    var essence: String {
        String(
            text.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}

extension Transcript.Word: Codable {
    private enum CodingKeys: String, CodingKey {
        case text = "t"
        case start = "s"
        case end = "e"
        case confidence = "c"
        case speaker = "k"
        case approximate = "a"
        case unspaced = "u"
    }

    // Coded by hand, so that the common case (a space before) takes no room in the database.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            text: try values.decode(String.self, forKey: .text),
            start: try values.decode(Int64.self, forKey: .start),
            end: try values.decode(Int64.self, forKey: .end),
            confidence: try values.decodeIfPresent(Double.self, forKey: .confidence),
            speaker: try values.decodeIfPresent(String.self, forKey: .speaker),
            approximate: try values.decodeIfPresent(Bool.self, forKey: .approximate),
            spaced: try values.decodeIfPresent(Bool.self, forKey: .unspaced) != true)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(text, forKey: .text)
        try values.encode(start, forKey: .start)
        try values.encode(end, forKey: .end)
        try values.encodeIfPresent(confidence, forKey: .confidence)
        try values.encodeIfPresent(speaker, forKey: .speaker)
        try values.encodeIfPresent(approximate, forKey: .approximate)
        if !spaced { try values.encode(true, forKey: .unspaced) }
    }
}

extension Sequence<Transcript.Word> {
    /// The words as one line of text. Of empty words, at most their space remains.
    package var joinedText: String {
        var line = ""
        var space = false
        for word in self {
            space = space || word.spaced
            let text = word.text.onOneLine
            if text.isEmpty { continue }
            if space && !line.isEmpty { line.append(" ") }
            line.append(text)
            space = false
        }
        return line
    }
}

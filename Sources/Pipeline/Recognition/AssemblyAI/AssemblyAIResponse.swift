/// A transcript as AssemblyAI sends it. Only the id and the status are required; everything else may be null, missing or nonsense.
package struct AssemblyAIResponse: Decodable, Sendable {
    enum Status: Sendable {
        /// `queued`, `processing`, and any status that is added later.
        case unfinished
        case completed
        /// `error`, which is final.
        case failed
    }

    struct Word: Sendable {
        let text: String
        /// Milliseconds from the start of the audio.
        let start, end: Double?
        let confidence: Double?
    }

    let id: String
    let status: Status
    let error: String?
    private let text: String?
    private let words: [Word]
    private let confidence: Double?
    /// The model that ran.
    let model: String?

    private enum CodingKeys: String, CodingKey {
        case id, status, error, text, words, confidence
        case model = "speech_model_used"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        // The id becomes part of URLs.
        let isPlain = id.utf8.allSatisfy { $0 < 0x80 && (Character(Unicode.Scalar($0)).isLetter || $0.isDigitOrDash) }
        guard (1...128).contains(id.utf8.count), isPlain else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: values, debugDescription: "not an id")
        }
        switch try values.decode(String.self, forKey: .status) {
        case "completed": status = .completed
        case "error": status = .failed
        default: status = .unfinished
        }
        error = try? values.decode(String.self, forKey: .error)
        text = try? values.decode(String.self, forKey: .text)
        words = ((try? values.decode([MaybeWord].self, forKey: .words)) ?? []).compactMap(\.word)
        confidence = values.number(.confidence)
        model = (try? values.decode(String.self, forKey: .model))?.onOneLine
    }

    /// An element of `words`, which may be anything.
    private struct MaybeWord: Decodable {
        let word: Word?

        private enum CodingKeys: CodingKey {
            case text, start, end, confidence
        }

        init(from decoder: any Decoder) throws {
            guard let values = try? decoder.container(keyedBy: CodingKeys.self),
                let text = (try? values.decode(String.self, forKey: .text))?.onOneLine, !text.isEmpty
            else {
                word = nil
                return
            }
            word = Word(
                text: text, start: values.number(.start), end: values.number(.end),
                confidence: values.number(.confidence))
        }
    }
}

extension UInt8 {
    fileprivate var isDigitOrDash: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || self == UInt8(ascii: "-") || self == UInt8(ascii: "_")
    }
}

extension KeyedDecodingContainer {
    /// Returns a finite number, which may be written as a string; nil for anything else.
    fileprivate func number(_ key: Key) -> Double? {
        let number =
            (try? decodeIfPresent(Double.self, forKey: key))
            ?? (try? decode(String.self, forKey: key)).flatMap(Double.init)
        return number.flatMap { $0.isFinite ? $0 : nil }
    }
}

// From AssemblyAI's words to our segments. Whatever its numbers say, the result keeps the promises of `Transcript.ordered()`, lies within
// the chunk, and has every word in the order of AssemblyAI's list. A time that contradicts this order is replaced by one between its
// neighbors'.

extension AssemblyAIResponse {
    /// Returns what was recognized in a chunk of `duration` milliseconds, in segments of at most 30 seconds.
    package func segments(within duration: Int64) -> [Transcript.Segment] {
        let words = orderedWords(within: max(0, duration))
        if !words.isEmpty { return AssemblyAISegmenting.segments(of: words) }
        guard let text = text?.onOneLine, !text.isEmpty else { return [] }
        return [
            Transcript.Segment(start: 0, end: max(0, duration), text: text, confidence: confidence.map(Self.fraction))
        ]
    }

    private func orderedWords(within duration: Int64) -> [Transcript.Word] {
        let reported = words.map { word in
            SpokenTime(
                start: word.start.map(Self.milliseconds), end: word.end.map(Self.milliseconds),
                bytes: word.text.utf8.count)
        }
        var result = zip(words, SpokenTime.mended(reported, within: 0...duration)).map { word, time in
            Transcript.Word(
                text: word.text, start: time.start, end: time.end, confidence: word.confidence.map(Self.fraction),
                approximate: word.start == nil || word.end == nil ? true : nil)
        }
        for index in result.indices.dropFirst() {
            result[index].spaced = !Self.join(result[index - 1].text, result[index].text)
        }
        return result
    }

    /// Rounds to milliseconds, clamped so that any number fits.
    private static func milliseconds(_ number: Double) -> Int64 { Int64(min(max(-1e15, number.rounded()), 1e15)) }

    private static func fraction(_ number: Double) -> Double { min(max(0, number), 1) }

    /// Returns whether two words join without a space. AssemblyAI sends words without spaces, so the characters tell whether their script
    /// uses any.
    private static func join(_ left: String, _ right: String) -> Bool {
        guard let last = left.last, let first = right.first else { return false }
        return last.isWrittenWithoutSpaces && first.isWrittenWithoutSpaces
    }
}

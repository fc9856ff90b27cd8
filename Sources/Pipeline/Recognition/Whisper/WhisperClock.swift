/// Finds when the words of a text were said, from the words that a server lists in addition to the text.
///
/// The text says what was said, the list says when. Servers list pieces of words, words without punctuation or without spaces, broken
/// characters, or nothing. So words are matched by their letters: each letter of a listed word gets its share of the word's time.
struct WhisperClock {
    /// When a letter was said, in milliseconds.
    struct Tick {
        let start, end: Int64
        /// Index of the listed word that has the letter.
        let word: Int
        let isFirst, isLast: Bool
        let confidence: Double?
    }

    private let letters: [Unicode.Scalar]
    private let ticks: [Tick]

    /// A text that differs from the list is compared letter by letter up to this length, about a minute of speech, because the work grows
    /// with the square of the length.
    private static let longestDifference = 1000

    /// - Parameters:
    ///   - words: The listed words.
    ///   - segment: Start and end of the words' segment, in seconds, if the server sends them.
    ///   - duration: Milliseconds; no time lies beyond it.
    init(
        _ words: [WhisperResponse.Word], of segment: (start: Double?, end: Double?) = (nil, nil), within duration: Int64
    ) {
        let spoken = words.enumerated().compactMap { index, word in
            let letters = WhisperText.letters(of: WhisperText.withoutSpecialTokens(word.text))
            return letters.isEmpty ? nil : (index: index, word: word, letters: letters)
        }
        // One absurd time must not move its neighbors. Words may overlap in the list, but nobody says two at a time.
        let borders = Self.borders(of: segment)
        let reported = spoken.map {
            SpokenTime(
                start: Self.milliseconds($0.word.start), end: Self.milliseconds($0.word.end),
                bytes: $0.word.text.utf8.count)
        }
        let times = SpokenTime.mended(borders.start + reported + borders.end, within: 0...max(0, duration))
            .dropFirst(borders.start.count)
        var letters: [Unicode.Scalar] = []
        var ticks: [Tick] = []
        for ((index, word, own), time) in zip(spoken, times) {
            let length = time.end - time.start
            for letter in own.indices {
                ticks.append(
                    Tick(
                        start: time.start + length * Int64(letter) / Int64(own.count),
                        end: time.start + length * Int64(letter + 1) / Int64(own.count),
                        word: index, isFirst: letter == 0, isLast: letter == own.count - 1,
                        confidence: word.probability))
            }
            letters += own
        }
        self.letters = letters
        self.ticks = ticks
    }

    /// Returns for each letter of a text when it was said; nil for one that isn't in the list.
    func ticks(of text: [Unicode.Scalar]) -> [Tick?] {
        if text == letters { return ticks }
        var found = [Tick?](repeating: nil, count: text.count)
        guard !letters.isEmpty, max(text.count, letters.count) <= Self.longestDifference else { return found }
        let difference = text.difference(from: letters)
        let added = Set(difference.insertions.map(\.offset))
        let missing = Set(difference.removals.map(\.offset))
        var place = 0
        for index in text.indices where !added.contains(index) {
            while missing.contains(place) { place += 1 }
            found[index] = ticks[place]
            place += 1
        }
        return found
    }

    /// Words may lie outside of their segment by this many milliseconds.
    private static let slack: Int64 = 1_000

    private static func borders(of segment: (start: Double?, end: Double?)) -> (start: [SpokenTime], end: [SpokenTime])
    {
        (
            segment.start.map { [.border(.segmentStart, milliseconds($0) - slack)] } ?? [],
            segment.end.map { [.border(.segmentEnd, milliseconds($0) + slack)] } ?? []
        )
    }

    /// Converts seconds to milliseconds, clamped so that any number fits.
    private static func milliseconds(_ seconds: Double) -> Int64 {
        Int64(min(max(-1e15, (seconds * 1000).rounded()), 1e15))
    }

    /// Converts seconds to milliseconds, clamped to 0...`duration`.
    static func milliseconds(_ seconds: Double, within duration: Int64) -> Int64 {
        Int64(min(max(0, (seconds * 1000).rounded()), Double(duration)))
    }
}

extension CollectionDifference.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}

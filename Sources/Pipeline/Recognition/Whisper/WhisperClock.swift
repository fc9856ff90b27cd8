// When the words of a text were said, told by the words that a server lists beside it.
//
// The text says what was said, the list says when. Servers list pieces of words, words without punctuation or without spaces, broken
// characters, or nothing; what finds a listed word in the text again are its letters.

/// The letters of listed words, each with its share of its word's time.
struct WhisperClock {
    /// When a letter was said, in milliseconds.
    struct Tick {
        let start, end: Int64
        /// The listed word's place in the list.
        let word: Int
        let isFirst, isLast: Bool
        let confidence: Double?
    }

    private let letters: [Unicode.Scalar]
    private let ticks: [Tick]

    /// Texts that differ from their list are compared letter by letter up to this length, about a minute's speech: the effort grows
    /// with its square.
    private static let longestDifference = 1000

    /// - Parameters:
    ///   - segment: where the words belong, in seconds, as far as the server tells.
    ///   - duration: no time lies beyond it.
    init(
        _ words: [WhisperResponse.Word], of segment: (start: Double?, end: Double?) = (nil, nil), within duration: Int64
    ) {
        let spoken = words.enumerated().compactMap { index, word in
            let letters = WhisperText.letters(of: WhisperText.withoutSpecialTokens(word.text))
            return letters.isEmpty ? nil : (index: index, word: word, letters: letters)
        }
        // One absurd time must not move its neighbors, and words may be listed as overlapping, but nobody says two at a time.
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

    /// For each of the text's letters when it was said; nil for one that is not in the list.
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

    /// Milliseconds by which words may lie outside of their segment.
    private static let slack: Int64 = 1_000

    private static func borders(of segment: (start: Double?, end: Double?)) -> (start: [SpokenTime], end: [SpokenTime])
    {
        (
            segment.start.map { [.border(.segmentStart, milliseconds($0) - slack)] } ?? [],
            segment.end.map { [.border(.segmentEnd, milliseconds($0) + slack)] } ?? []
        )
    }

    /// Rounded, whatever number a server sends.
    private static func milliseconds(_ seconds: Double) -> Int64 {
        Int64(min(max(-1e15, (seconds * 1000).rounded()), 1e15))
    }

    /// Rounded, within 0 and `duration`, whatever number a server sends.
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

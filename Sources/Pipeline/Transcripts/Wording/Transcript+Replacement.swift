// Writes words in another way after recognition: what customers ask for as `replacements`.

extension Transcript {
    /// Returns the transcript with the replacements made: the first one wherever its texts stand, the next ones in the words that are left.
    ///
    /// A text is found as whole words, in any case, whatever punctuation is around it, and within one segment. The words that take its place share its time,
    /// and have its lowest confidence and its speaker. Punctuation around it stays. Nothing is replaced in what a replacement wrote: else a few of them
    /// could multiply a word without end.
    func replacing(_ replacements: [WordReplacement]) -> Transcript {
        guard !replacements.isEmpty else { return self }
        let texts = ReplacementTexts(replacements)
        var result = self
        for index in result.segments.indices { result.segments[index].replace(texts) }
        return result
    }
}

/// All texts to find, and what is written instead. Thousands of them are found as fast as one.
private struct ReplacementTexts {
    struct Match {
        /// Places of words.
        let range: Range<Int>
        /// The lower one goes first.
        let order: Int
        let to: [String]
    }

    /// By the text's words in lower case, with a space between them. If several replacements have the same text, the first one's.
    private var written: [String: (order: Int, to: [String])] = [:]
    /// How many words the texts have.
    private var counts: Set<Int> = []

    init(_ replacements: [WordReplacement]) {
        for replacement in replacements {
            let to = replacement.to.unbrokenParts
            for text in replacement.from {
                let words = text.unbrokenParts.map { $0.lowercased() }
                let key = words.joined(separator: " ")
                guard !words.isEmpty, !to.isEmpty, written[key] == nil else { continue }
                written[key] = (written.count, to)
                counts.insert(words.count)
            }
        }
    }

    /// Returns what is to be replaced in these words, in the order of their places, without overlaps.
    func matches(in words: [Transcript.Word]) -> [Match] {
        var found: [Match] = []
        for start in words.indices {
            for count in counts where start + count <= words.count {
                let range = start..<(start + count)
                guard let (order, to) = written[Self.key(of: words[range])],
                    words[range].dropFirst().allSatisfy(\.spaced)
                else { continue }
                found.append(Match(range: range, order: order, to: to))
            }
        }
        found.sort { ($0.order, $0.range.lowerBound) < ($1.order, $1.range.lowerBound) }
        var isTaken = [Bool](repeating: false, count: words.count)
        let made = found.filter { match in
            if isTaken[match.range].contains(true) { return false }
            for place in match.range { isTaken[place] = true }
            return true
        }
        return made.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// Returns the words as they are compared. What is around the whole text stays, so it may only be at the ends.
    private static func key(of words: ArraySlice<Transcript.Word>) -> String {
        words.indices.map { place in
            Affixes(of: words[place].text, from: place == words.startIndex, to: place == words.endIndex - 1).bare
                .lowercased()
        }.joined(separator: " ")
    }
}

/// A word's punctuation at its ends.
private struct Affixes {
    let prefix: Substring
    let bare: String
    let suffix: Substring

    init(of text: String, from start: Bool, to end: Bool) {
        var rest = text[...]
        prefix = start ? rest.prefix { !$0.isLetter && !$0.isNumber && !$0.isSymbol } : ""
        rest = rest.dropFirst(prefix.count)
        var count = 0
        if end { count = rest.reversed().prefix { !$0.isLetter && !$0.isNumber && !$0.isSymbol }.count }
        suffix = rest.suffix(count)
        bare = String(rest.dropLast(count))
    }
}

extension Transcript.Segment {
    fileprivate mutating func replace(_ texts: ReplacementTexts) {
        if words.isEmpty { return replaceInText(texts) }
        let matches = texts.matches(in: words)
        if matches.isEmpty { return }
        var result: [Transcript.Word] = []
        var place = 0
        for match in matches {
            result += words[place..<match.range.lowerBound]
            result += written(match.to, insteadOf: words[match.range])
            place = match.range.upperBound
        }
        result += words[place...]
        guard result != words else { return }
        words = result
        text = words.joinedText
    }

    /// A recognizer that returns no words returns the text, whose parts are compared in the same way.
    private mutating func replaceInText(_ texts: ReplacementTexts) {
        var segment = self
        segment.words = text.unbrokenParts.map { Transcript.Word(text: $0, start: start, end: end) }
        guard !segment.words.isEmpty else { return }
        segment.replace(texts)
        if segment.words.map(\.text) != text.unbrokenParts { text = segment.text }
    }

    private func written(_ texts: [String], insteadOf words: ArraySlice<Transcript.Word>) -> [Transcript.Word] {
        guard let first = words.first, let last = words.last else { return [] }
        let prefix = Affixes(of: first.text, from: true, to: false).prefix
        let suffix = Affixes(of: last.text, from: words.count > 1 ? false : true, to: true).suffix
        var result = texts.enumerated().map { index, text in
            var word = first
            word.text = (index == 0 ? prefix : "") + text + (index == texts.count - 1 ? suffix : "")
            word.spaced = index == 0 ? first.spaced : true
            return word
        }
        if texts.count == words.count {
            // Word for word, so each keeps its own time.
            for (index, word) in zip(result.indices, words) {
                (result[index].start, result[index].end) = (word.start, word.end)
                result[index].confidence = word.confidence
                result[index].approximate = word.approximate
            }
            return result
        }
        let confidences = words.compactMap(\.confidence)
        let lengths = texts.map { Int64(max(1, $0.count)) }
        let whole = lengths.reduce(0, +)
        var passed: Int64 = 0
        for index in result.indices {
            result[index].start = first.start + (last.end - first.start) * passed / whole
            passed += lengths[index]
            result[index].end = first.start + (last.end - first.start) * passed / whole
            result[index].confidence = confidences.count == words.count ? confidences.min() : nil
            if texts.count > 1 { result[index].approximate = true }
        }
        return result
    }
}

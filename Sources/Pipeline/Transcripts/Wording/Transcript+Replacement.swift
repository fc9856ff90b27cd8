// Writes words in another way after recognition: what customers ask for as `replacements`.

extension Transcript {
    /// Returns the transcript with the replacements made, one after the other, each in the words that the ones before it left.
    ///
    /// A text is found as whole words, in any case, whatever punctuation is around it, and within one segment. The words that take its place share its time,
    /// and have its lowest confidence and its speaker. Punctuation around it stays.
    func replacing(_ replacements: [WordReplacement]) -> Transcript {
        guard !replacements.isEmpty else { return self }
        let rules = replacements.flatMap { replacement in
            replacement.from.map { ReplacementRule(from: $0, to: replacement.to) }
        }
        var result = self
        for index in result.segments.indices {
            for rule in rules { result.segments[index].apply(rule) }
        }
        return result
    }
}

/// One text to find, and what is written instead.
private struct ReplacementRule {
    /// The words as they are compared, at least one.
    let from: [String]
    let to: [String]

    init(from text: String, to replacement: String) {
        from = text.unbrokenParts.map { $0.lowercased() }
        to = replacement.unbrokenParts
    }

    /// Whether these words are the text.
    func matches(_ words: ArraySlice<Transcript.Word>) -> Bool {
        zip(words, from).enumerated().allSatisfy { index, pair in
            let (word, wanted) = pair
            // What is around the whole text stays, so it may only be at the ends.
            let bare = Affixes(of: word.text, from: index == 0, to: index == from.count - 1).bare
            return bare.lowercased() == wanted
        }
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
    fileprivate mutating func apply(_ rule: ReplacementRule) {
        guard !rule.from.isEmpty, !rule.to.isEmpty else { return }
        if words.isEmpty { return applyToText(rule) }
        var isChanged = false
        var place = 0
        while place + rule.from.count <= words.count {
            let range = place..<(place + rule.from.count)
            guard rule.matches(words[range]), words[range].dropFirst().allSatisfy(\.spaced) else {
                place += 1
                continue
            }
            let written = written(rule.to, insteadOf: words[range])
            if Array(words[range]) != written {
                words.replaceSubrange(range, with: written)
                isChanged = true
            }
            // What was written is not replaced by the same rule again.
            place += written.count
        }
        if isChanged { text = words.joinedText }
    }

    /// A recognizer that returns no words returns the text, whose parts are compared in the same way.
    private mutating func applyToText(_ rule: ReplacementRule) {
        var segment = self
        segment.words = text.unbrokenParts.map { Transcript.Word(text: $0, start: start, end: end) }
        guard !segment.words.isEmpty else { return }
        segment.apply(rule)
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

// Corrects a segment's text. Words that stay keep their times and confidence; changed ones share the time between their neighbors.

extension Transcript.Segment {
    /// The longest corrected text, in characters.
    package static let longestText = 10_000

    /// Returns the segment with another text. Its start, end and speaker stay.
    ///
    /// - Parameter original: the segment as it was recognized. Words that are as they were then get their times and confidence back.
    func corrected(to text: String, original: Self) -> Self {
        var segment = self
        segment.text = text.onOneLine
        // Some recognizers return no words.
        guard !words.isEmpty || !original.words.isEmpty else {
            segment.confidence = segment.text == original.text.onOneLine ? original.confidence : nil
            return segment
        }
        let span = TimeSpan(start: start, end: max(start, end))
        // What was measured comes first, so that a correction that is taken back leaves no trace.
        segment.words = WordAlignment(original.words).place(TextToken.tokens(of: text)[...], within: span) {
            rest, gap, speaker in
            let corrected = words.filter { $0.start >= gap.start && $0.end <= gap.end }
            return WordAlignment(corrected).place(rest, within: gap, after: speaker) { $1.share(among: $0, by: $2) }
        }
        if self.speaker != original.speaker {
            for index in segment.words.indices { segment.words[index].speaker = nil }
        }
        if segment.words.elementsEqual(original.words, by: { $0.isSame(as: $1) }) {
            segment.confidence = original.confidence
            return segment
        }
        let known = segment.words.compactMap(\.confidence)
        segment.confidence = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        return segment
    }

    /// Returns the segment with another speaker, in whose words nobody else speaks. With its first speaker, it is as it was recognized.
    func spoken(by speaker: String, original: Self) -> Self {
        guard speaker != self.speaker else { return self }
        var segment = self
        let isBack = speaker == original.speaker
        segment.speaker = speaker
        segment.speakerConfidence = isBack ? original.speakerConfidence : nil
        let speakers = isBack ? Dictionary(original.words.map { ($0.start, $0) }) { first, _ in first } : [:]
        for index in segment.words.indices {
            let word = segment.words[index]
            let recognized = speakers[word.start].flatMap { $0.text == word.text && $0.end == word.end ? $0 : nil }
            segment.words[index].speaker = recognized?.speaker
        }
        return segment
    }
}

extension Transcript.Word {
    /// Whether it is the same word at the same time, whatever stands before it.
    fileprivate func isSame(as other: Self) -> Bool {
        (text, start, end, confidence, speaker) == (other.text, other.start, other.end, other.confidence, other.speaker)
    }
}

/// A time between two words, in milliseconds.
private struct TimeSpan {
    let start: Int64
    let end: Int64

    /// Gives each part of a text its share of the time, by its length. Nobody measured it, so there is no confidence.
    func share(among tokens: ArraySlice<TextToken>, by speaker: String?) -> [Transcript.Word] {
        let lengths = tokens.map { Int64(max(1, $0.text.count)) }
        let whole = max(1, lengths.reduce(0, +))
        var (passed, words) = (Int64(0), [Transcript.Word]())
        for (token, length) in zip(tokens, lengths) {
            let begin = start + (end - start) * passed / whole
            passed += length
            words.append(
                Transcript.Word(
                    text: token.text, start: begin, end: start + (end - start) * passed / whole, speaker: speaker,
                    approximate: true,
                    spaced: token.isSpaced))
        }
        return words
    }
}

/// A part of a text: what stands between spaces, or one character of a script without spaces.
private struct TextToken {
    let text: String
    /// Whether there is a space before it.
    let isSpaced: Bool

    static func tokens(of text: String) -> [TextToken] {
        text.unbrokenParts.flatMap { part in
            pieces(of: part).enumerated().map { TextToken(text: $1, isSpaced: $0 == 0) }
        }
    }

    /// Splits what stands between two spaces.
    static func pieces(of part: String) -> [String] {
        var pieces: [String] = []
        var isOpen = false
        for character in part {
            if character.isWrittenWithoutSpaces {
                pieces.append(String(character))
                isOpen = false
            } else if isOpen {
                pieces[pieces.count - 1].append(character)
            } else {
                pieces.append(String(character))
                isOpen = true
            }
        }
        return pieces
    }
}

/// Finds words in another text.
private struct WordAlignment {
    /// Words that are kept or replaced together, because they share a token: "well" and "-known" are one in "well-known".
    private struct Group {
        var words: [Transcript.Word]
        var tokens: [String]
    }

    private let groups: [Group]

    init(_ words: [Transcript.Word]) {
        var groups: [Group] = []
        // Words up to the next space; where in their characters each begins.
        var part: [Transcript.Word] = []
        func close() {
            guard !part.isEmpty else { return }
            groups += Self.groups(of: part)
            part = []
        }
        for word in words where !word.text.onOneLine.isEmpty {
            // An engine's word may hold a space. It is a group of its own.
            let isWhole = word.text.unbrokenParts.count == 1
            if word.spaced || !isWhole { close() }
            if isWhole {
                part.append(word)
            } else {
                groups.append(Group(words: [word], tokens: TextToken.tokens(of: word.text).map(\.text)))
            }
        }
        close()
        self.groups = groups
    }

    /// Divides words without spaces between them where both a word and a token begin.
    private static func groups(of part: [Transcript.Word]) -> [Group] {
        var starts: Set<Int> = []
        var length = 0
        for piece in TextToken.pieces(of: part.map(\.text.onOneLine).joined()) {
            starts.insert(length)
            length += piece.count
        }
        var (groups, passed) = ([Group](), 0)
        for word in part {
            if starts.contains(passed) || groups.isEmpty {
                groups.append(Group(words: [word], tokens: []))
            } else {
                groups[groups.count - 1].words.append(word)
            }
            passed += word.text.onOneLine.count
        }
        for index in groups.indices {
            groups[index].tokens = TextToken.pieces(of: groups[index].words.map(\.text.onOneLine).joined())
        }
        return groups
    }

    /// Returns the words of a text: those that are among ours as they are, and for what stands between them what `fill` returns.
    ///
    /// - Parameters:
    ///   - span: the time of the whole text.
    ///   - speaker: who speaks the word before the text; nil: the segment's speaker.
    ///   - fill: returns the words for tokens that aren't ours, within the time between their neighbors, after a word of that speaker.
    func place(
        _ tokens: ArraySlice<TextToken>, within span: TimeSpan, after speaker: String? = nil,
        fill: (ArraySlice<TextToken>, TimeSpan, String?) -> [Transcript.Word]
    ) -> [Transcript.Word] {
        var words: [Transcript.Word] = []
        var (place, time) = (tokens.startIndex, span.start)
        func fillGap(to end: Int, until limit: Int64) {
            guard place < end else { return }
            words += fill(
                tokens[place..<end], TimeSpan(start: time, end: max(time, limit)), words.last.map(\.speaker) ?? speaker)
        }
        for (group, start) in matches(in: tokens) {
            guard let first = group.words.first, let last = group.words.last else { continue }
            fillGap(to: start, until: first.start)
            var kept = group.words
            kept[0].spaced = tokens[start].isSpaced
            words += kept
            place = start + group.tokens.count
            time = max(time, last.end)
        }
        fillGap(to: tokens.endIndex, until: span.end)
        return words
    }

    /// Our groups that are in the text, in both orders, and where. As many tokens as possible are found.
    private func matches(in tokens: ArraySlice<TextToken>) -> [(group: Group, start: Int)] {
        // Numbers are compared faster than texts.
        var numbers: [String: Int] = [:]
        func number(_ text: String) -> Int {
            if let known = numbers[text] { return known }
            numbers[text] = numbers.count
            return numbers.count - 1
        }
        let groups = self.groups.map { (group: $0, tokens: $0.tokens.map(number)) }
        let texts = tokens.map { number($0.text) }
        guard !groups.isEmpty, !texts.isEmpty else { return [] }
        // What both begin and end with needs no search, which leaves little in most corrections.
        var (head, begin) = (0, 0)
        while head < groups.count, Self.matches(groups[head].tokens, texts, at: begin) {
            begin += groups[head].tokens.count
            head += 1
        }
        var (tail, end) = (groups.count, texts.count)
        while tail > head, end - groups[tail - 1].tokens.count >= begin,
            Self.matches(groups[tail - 1].tokens, texts, at: end - groups[tail - 1].tokens.count)
        {
            end -= groups[tail - 1].tokens.count
            tail -= 1
        }
        var found: [(Group, Int)] = []
        var place = 0
        for group in groups[..<head] {
            found.append((group.group, tokens.startIndex + place))
            place += group.tokens.count
        }
        let rest = groups[head..<tail].map(\.tokens)
        found += Self.search(rest, texts[begin..<end]).map { (groups[head + $0].group, tokens.startIndex + begin + $1) }
        place = end
        for group in groups[tail...] {
            found.append((group.group, tokens.startIndex + place))
            place += group.tokens.count
        }
        return found
    }

    private static func matches(_ tokens: [Int], _ texts: [Int], at place: Int) -> Bool {
        place + tokens.count <= texts.count && texts[place..<(place + tokens.count)].elementsEqual(tokens)
    }

    /// The most pairs of words that are compared, about 500 by 500: what a segment of several minutes has. It bounds time and memory.
    private static let mostPairs = 250_000

    /// The longest common subsequence of groups and tokens, as places in both; empty if there are too many of them.
    private static func search(_ groups: [[Int]], _ texts: ArraySlice<Int>) -> [(group: Int, start: Int)] {
        guard !groups.isEmpty, !texts.isEmpty, groups.count * texts.count <= mostPairs else { return [] }
        let texts = Array(texts)
        // best[g][t]: how many tokens of the groups from g and the tokens from t can be kept.
        let width = texts.count + 1
        var best = [Int32](repeating: 0, count: (groups.count + 1) * width)
        for g in groups.indices.reversed() {
            for t in texts.indices.reversed() {
                var value = max(best[(g + 1) * width + t], best[g * width + t + 1])
                if matches(groups[g], texts, at: t) {
                    value = max(value, best[(g + 1) * width + t + groups[g].count] + Int32(groups[g].count))
                }
                best[g * width + t] = value
            }
        }
        var (found, g, t) = ([(Int, Int)](), 0, 0)
        while g < groups.count, t < texts.count {
            let length = groups[g].count
            if matches(groups[g], texts, at: t),
                best[g * width + t] == best[(g + 1) * width + t + length] + Int32(length)
            {
                found.append((g, t))
                (g, t) = (g + 1, t + length)
            } else if best[g * width + t] == best[(g + 1) * width + t] {
                g += 1
            } else {
                t += 1
            }
        }
        return found
    }
}

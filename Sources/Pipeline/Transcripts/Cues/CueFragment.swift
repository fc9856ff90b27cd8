/// The smallest part of a cue: a word, or a part of a word that is too wide for a line.
///
/// It is never empty, has no spaces except no-break spaces, and fits on a line. Times are in milliseconds.
struct CueFragment {
    let text: String
    let columns: Int
    /// Whether there is a space before it, if it is on the same line as the previous one.
    var spaced: Bool
    /// Whether it continues a word, so that a cut before it would split the word.
    let insideWord: Bool
    var start: Int64
    var end: Int64

    init(text: String, spaced: Bool, insideWord: Bool = false, start: Int64 = 0, end: Int64 = 0) {
        self.text = text
        self.columns = text.columns
        self.spaced = spaced
        self.insideWord = insideWord
        self.start = start
        self.end = end
    }
}

extension CueFragment {
    /// Returns the fragments of a word: usually one; more if it contains spaces or is too wide for a line.
    static func fragments(of word: Transcript.Word, within limits: CueLimits) -> [CueFragment] {
        var fragments: [CueFragment] = []
        for part in word.text.unbrokenParts {
            let spaced = fragments.isEmpty ? word.spaced : true
            fragments += fitting(part, within: limits).enumerated().map { index, text in
                CueFragment(text: text, spaced: spaced && index == 0, insideWord: index > 0)
            }
        }
        return spread(fragments, start: word.start, end: word.end)
    }

    /// Returns the fragments of a text without words. It is cut at spaces and, in scripts without spaces, at every character. The fragments
    /// share its time by their width.
    static func fragments(
        of text: String, start: Int64, end: Int64, within limits: CueLimits
    ) -> [CueFragment] {
        var fragments: [CueFragment] = []
        for part in text.unbrokenParts {
            var first = true
            for word in wordsWithoutSpaces(part) {
                for (index, text) in fitting(word, within: limits).enumerated() {
                    fragments.append(CueFragment(text: text, spaced: first, insideWord: index > 0))
                    first = false
                }
            }
        }
        return spread(fragments, start: start, end: end)
    }

    /// Returns the word, or its parts of nearly equal width if it is too wide for a line.
    private static func fitting(_ word: String, within limits: CueLimits) -> [String] {
        let most = limits.columnsPerLine
        // No character has more columns than bytes.
        if word.utf8.count <= most { return [word] }
        let total = word.columns
        if total <= most { return [word] }
        let count = (total + most - 1) / most
        // One more column, for a wide character at the cut.
        let width = min(most, total / count + 1)
        var parts = [""]
        var columns = 0
        for character in word {
            if columns + character.columns > width {
                parts.append("")
                columns = 0
            }
            parts[parts.count - 1].append(character)
            columns += character.columns
        }
        return parts
    }

    private static func wordsWithoutSpaces(_ text: String) -> [String] {
        if text.utf8.count == text.unicodeScalars.count { return [text] }
        var words: [String] = []
        var previous: Character?
        for character in text {
            if let previous, !previous.isWrittenWithoutSpaces && !character.isWrittenWithoutSpaces {
                words[words.count - 1].append(character)
            } else {
                words.append(String(character))
            }
            previous = character
        }
        return words
    }

    private static func spread(_ fragments: [CueFragment], start: Int64, end: Int64) -> [CueFragment] {
        var fragments = fragments
        let total = fragments.reduce(0) { $0 + Int64(max($1.columns, 1)) }
        var before: Int64 = 0
        for index in fragments.indices {
            fragments[index].start = start + (end - start) * before / total
            before += Int64(max(fragments[index].columns, 1))
            fragments[index].end = start + (end - start) * before / total
        }
        return fragments
    }
}

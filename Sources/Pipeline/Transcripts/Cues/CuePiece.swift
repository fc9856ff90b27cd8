/// The least that cues are made of: a word, or a part of one too wide for a line. It is never empty, holds no
/// spaces but no-break ones, and fits on a line. Times in milliseconds.
struct CuePiece {
    let text: String
    let columns: Int
    /// Whether a space stands before it on the same line.
    var spaced: Bool
    /// Whether a cut before it would go through a word that a line could hold.
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

extension CuePiece {
    /// A recognised word: usually one piece; more if it holds spaces or is too wide for a line.
    static func pieces(of word: Transcript.Word) -> [CuePiece] {
        var pieces: [CuePiece] = []
        for part in word.text.unbrokenParts {
            let spaced = pieces.isEmpty ? word.spaced : true
            pieces += fitting(part).enumerated().map { index, text in
                CuePiece(text: text, spaced: spaced && index == 0, insideWord: index > 0)
            }
        }
        return spread(pieces, start: word.start, end: word.end)
    }

    /// Text without words: cut at spaces and, in scripts without spaces, at every character; its time is spread
    /// over the pieces by their width.
    static func pieces(of text: String, start: Int64, end: Int64) -> [CuePiece] {
        var pieces: [CuePiece] = []
        for part in text.unbrokenParts {
            var first = true
            for word in wordsWithoutSpaces(part) {
                for (index, text) in fitting(word).enumerated() {
                    pieces.append(CuePiece(text: text, spaced: first, insideWord: index > 0))
                    first = false
                }
            }
        }
        return spread(pieces, start: start, end: end)
    }

    /// Parts of a word too wide for a line, cut between graphemes into nearly equal widths.
    private static func fitting(_ word: String) -> [String] {
        let most = CueLimits.columnsPerLine
        // No character has more columns than bytes.
        if word.utf8.count <= most { return [word] }
        let total = word.columns
        if total <= most { return [word] }
        let count = (total + most - 1) / most
        // One more, for a wide character at the seam.
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

    private static func spread(_ pieces: [CuePiece], start: Int64, end: Int64) -> [CuePiece] {
        var pieces = pieces
        let total = pieces.reduce(0) { $0 + Int64(max($1.columns, 1)) }
        var before: Int64 = 0
        for index in pieces.indices {
            pieces[index].start = start + (end - start) * before / total
            before += Int64(max(pieces[index].columns, 1))
            pieces[index].end = start + (end - start) * before / total
        }
        return pieces
    }
}

/// The kind of a place between two fragments, from the best to the worst for ending a cue or a line.
enum CueBreak {
    case sentence, clause, pause, word, insideWord

    /// A silence of this many milliseconds is a pause.
    private static let pauseLength: Int64 = 350

    /// Determines what kind of break there is between two neighboring fragments of a ``CueRun``.
    init(between fragment: CueFragment, and next: CueFragment) {
        if !next.spaced {
            let unspacedScript =
                fragment.text.last?.isWrittenWithoutSpaces == true || next.text.first?.isWrittenWithoutSpaces == true
            let bound = next.text.first.map(Self.closers.contains) == true || next.text.first?.isPhraseEnd == true
            let opens = fragment.text.last.map(Self.openers.contains) == true
            if next.insideWord || !unspacedScript || bound || opens {
                self = .insideWord
                return
            }
        }
        switch Self.mark(ending: fragment.text) {
        case .some(let mark) where mark == ".":
            self = Self.isAbbreviation(fragment.text, before: next.text) ? .word : .sentence
        case .some(let mark) where Self.sentenceMarks.contains(mark): self = .sentence
        case .some(let mark) where Self.clauseMarks.contains(mark): self = .clause
        default: self = next.start - fragment.end >= Self.pauseLength ? .pause : .word
        }
    }

    /// The cost of ending a cue here.
    var costOfCue: Int {
        switch self {
        case .sentence: 0
        case .clause: 10
        case .pause: 14
        case .word: 34
        case .insideWord: 120
        }
    }

    /// The cost of ending the first line of a cue here.
    var costOfLine: Int {
        switch self {
        case .sentence: 0
        case .clause: 2
        case .pause: 4
        case .word: 6
        case .insideWord: 60
        }
    }

    /// The cost of continuing in the same cue.
    var costOfCrossing: Int {
        switch self {
        case .sentence: 12
        case .pause: 5
        case .clause, .word, .insideWord: 0
        }
    }

    static let sentenceMarks: Set<Character> = [".", "!", "?", "…", "。", "！", "？", "｡", "؟", "۔", "।", "॥"]
    static let clauseMarks: Set<Character> = [",", ";", ":", "、", "，", "；", "：", "،", "؛", "—", "–"]
    private static let openers: Set<Character> = ["(", "[", "{", "「", "『", "（", "【", "〈", "《", "“", "‘", "¿", "¡"]
    private static let closers: Set<Character> = [
        "\"", "'", "”", "’", "»", "›", ")", "]", "}", "」", "』", "）", "】", "〉", "》",
    ]

    /// Returns the last character that isn't a closing quote or bracket.
    private static func mark(ending text: String) -> Character? {
        text.last { !closers.contains($0) }
    }

    /// Returns whether a period belongs to the word: after an initial or a title, or if the next word is in lower case.
    private static func isAbbreviation(_ text: String, before next: String) -> Bool {
        if next.first?.isLowercase == true { return true }
        let letters = text.filter(\.isLetter)
        return letters.count == 1 || titles.contains(letters.lowercased())
    }

    private static let titles: Set<String> = ["mr", "mrs", "ms", "dr", "prof", "st", "vs", "jr", "sr"]
}

extension Character {
    fileprivate var isPhraseEnd: Bool { CueBreak.sentenceMarks.contains(self) || CueBreak.clauseMarks.contains(self) }
}

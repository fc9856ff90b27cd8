/// A recognized text as units, which become the transcript's words, and as letters, by which the server's listed words are matched.
///
/// It is split at its spaces; in scripts without spaces, at its characters. Punctuation stays with its word.
struct WhisperText {
    struct Unit {
        var text: String
        /// Whether there is a space before it.
        var spaced: Bool
        /// The unit's part of the text's letters.
        var letters: Range<Int>
        /// Whether it is of a script without spaces.
        let isUnspaced: Bool
    }

    private(set) var units: [Unit] = []
    /// Letters, digits and marks in lower case: they stay the same however a server capitalizes, spaces or punctuates a word.
    private(set) var letters: [Unicode.Scalar] = []

    init(_ text: String) {
        let text = Self.withoutSpecialTokens(text)
        var spaced = text.unicodeScalars.first?.isSeparator == true
        for part in text.unbrokenParts {
            for unit in Self.cut(part) {
                let own = Self.letters(of: unit)
                let isUnspaced = unit.contains(where: \.isUnspacedLetter)
                units.append(
                    Unit(
                        text: unit, spaced: spaced || (units.isEmpty && !isUnspaced),
                        letters: letters.count..<letters.count + own.count, isUnspaced: isUnspaced))
                letters += own
                spaced = false
            }
            spaced = true
        }
    }

    static func letters(of text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.lazy.filter(\.isSpoken).compactMap { $0.properties.lowercaseMapping.unicodeScalars.first }
    }

    /// Cuts before each character of a script without spaces, after the last of them, and after a dash between words.
    private static func cut(_ part: String) -> [String] {
        var units: [String] = []
        var current = ""
        var isSpoken = false
        var last: Character?
        for character in part {
            let isLetter = character.unicodeScalars.contains(where: \.isSpoken)
            let isBorder =
                character.isUnspacedLetter || last?.isUnspacedLetter == true || last.map(Self.dashes.contains) == true
            // An opening bracket belongs to the next unit, other punctuation to the previous one.
            if isSpoken, isBorder, isLetter || character.isOpening {
                units.append(current)
                (current, isSpoken) = ("", false)
            }
            current.append(character)
            isSpoken = isSpoken || isLetter
            // After a character of such a script, skip punctuation, so that the next unit is still cut off.
            if isLetter || !(last?.isUnspacedLetter ?? false) { last = character }
        }
        if !current.isEmpty { units.append(current) }
        return units
    }

    private static let dashes: Set<Character> = ["—", "–", "…"]

    /// Removes special tokens such as `<|0.00|>` and `[_BEG_]`, which some servers leave in.
    static func withoutSpecialTokens(_ text: String) -> String {
        guard text.contains("<|") || text.contains("[_") else { return text }
        return text.replacing(#/<\|[^|<>]{0,32}\|>|\[_[A-Z0-9_]{1,32}\]/#, with: "")
    }
}

extension String {
    var isBlank: Bool { unicodeScalars.allSatisfy(\.isSeparator) }
}

extension [WhisperResponse.Word] {
    /// The words as one text, for servers that send no text. Words that include their spaces are joined as they are.
    var spelled: String {
        if dropFirst().contains(where: { $0.text.unicodeScalars.first?.isSeparator == true }) {
            return map(\.text).joined()
        }
        return reduce(into: "") { line, word in
            let isJoined =
                word.text.first?.isWrittenWithoutSpaces != false || line.last?.isWrittenWithoutSpaces != false
            line += (isJoined ? "" : " ") + word.text
        }
    }
}

extension Character {
    fileprivate var isUnspacedLetter: Bool {
        isWrittenWithoutSpaces && unicodeScalars.contains(where: \.isSpoken)
    }

    fileprivate var isOpening: Bool {
        switch unicodeScalars.first?.properties.generalCategory {
        case .openPunctuation, .initialPunctuation: true
        default: false
        }
    }
}

extension Unicode.Scalar {
    /// Whether this is a letter, a digit or a mark on one.
    fileprivate var isSpoken: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            // Variation selectors are invisible.
            !(0xFE00...0xFE0F).contains(value)
        default: false
        }
    }
}

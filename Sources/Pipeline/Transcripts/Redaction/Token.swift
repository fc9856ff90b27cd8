/// A piece of a word: digits, letters or one sign. `4242-4242.` has four.
struct Token {
    enum Kind: UInt8 {
        /// Decimal digits of any script; `text` has them in ASCII.
        case digits
        /// Latin letters; `text` has them in lower case, without accents.
        case latin
        /// Letters of one other script or several, in lower case.
        case otherLetters
        /// One sign. Dashes are `-`, full-width signs are the usual ones.
        case sign
        /// What an earlier redaction left. Nothing is read across it.
        case mask
    }

    let kind: Kind
    let text: String
    /// The word's place.
    var word: Int
    /// Where the piece is in the word's UTF-8.
    let start: Int
    var end: Int
    /// Whether it follows another piece of the same word without a space.
    let glued: Bool
    /// Its place in the lexicon; nil if that doesn't have it.
    var entry: Int?

    func isSign(_ sign: String) -> Bool { kind == .sign && text == sign }
    var isLetters: Bool { kind == .latin || kind == .otherLetters }
}

/// Cuts words into tokens.
enum Tokenizer {
    private static let masks = RedactionKind.allCases.map { Array($0.mask.utf8) }

    /// Returns the pieces of one word; `word` and `entry` are for the caller to set. Combining marks and invisible characters belong to
    /// the piece before them; spaces belong to none.
    static func tokens(of word: String) -> [Token] {
        var tokens: [Token] = []
        let bytes = Array(word.utf8)
        var kind: Token.Kind?
        var text = ""
        var start = 0
        var end = 0
        var glued = false
        func close() {
            if let open = kind {
                tokens.append(
                    Token(kind: open, text: text, word: 0, start: start, end: end, glued: glued, entry: nil))
                glued = true
            }
            kind = nil
            text = ""
        }
        var place = 0
        var skipped = 0
        for scalar in word.unicodeScalars {
            let from = place
            place += UTF8.width(scalar)
            if from < skipped { continue }
            if scalar == "[", let length = mask(in: bytes, at: from) {
                close()
                tokens.append(
                    Token(kind: .mask, text: "", word: 0, start: from, end: from + length, glued: glued, entry: nil))
                glued = true
                skipped = from + length
                continue
            }
            let (new, piece) = classified(scalar)
            switch new {
            case .space:
                close()
                glued = false
            case .invisible:
                if kind != nil {
                    end = place
                } else if let last = tokens.indices.last, glued {
                    tokens[last].end = place
                }
            case .piece(let piecesKind):
                if kind != piecesKind || piecesKind == .sign {
                    close()
                    kind = piecesKind
                    start = from
                }
                text += piece
                end = place
            }
        }
        close()
        return tokens
    }

    private static func mask(in bytes: [UInt8], at place: Int) -> Int? {
        masks.first { bytes[place...].starts(with: $0) }?.count
    }

    private enum Class {
        case piece(Token.Kind)
        case space
        case invisible
    }

    private static func classified(_ scalar: Unicode.Scalar) -> (Class, String) {
        switch scalar.value {
        case 0x30...0x39: return (.piece(.digits), String(Character(scalar)))
        case 0x61...0x7A: return (.piece(.latin), String(Character(scalar)))
        case 0x41...0x5A:
            return (.piece(.latin), String(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value + 32)))))
        case 0x20, 0x09...0x0D: return (.space, "")
        case 0x21...0x7E: return (.piece(.sign), String(Character(scalar)))
        // The full-width form of ASCII.
        case 0xFF01...0xFF5E:
            guard let narrow = Unicode.Scalar(scalar.value - 0xFEE0) else { return (.invisible, "") }
            return classified(narrow)
        case 0x2010...0x2015, 0x2212, 0xFE63: return (.piece(.sign), "-")
        case 0x2018, 0x2019: return (.piece(.sign), "'")
        case 0x3002, 0x2024: return (.piece(.sign), ".")
        default: break
        }
        let properties = scalar.properties
        if properties.isWhitespace { return (.space, "") }
        if properties.numericType == .decimal, let value = properties.numericValue {
            return (.piece(.digits), String(Int(value)))
        }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark, .format, .control, .surrogate, .unassigned, .privateUse:
            return (.invisible, "")
        default: break
        }
        guard properties.isAlphabetic else { return (.piece(.sign), String(Character(scalar))) }
        let lower = properties.lowercaseMapping
        guard scalar.value < 0x250 || (0x1E00...0x1EFF).contains(scalar.value) else {
            return (.piece(.otherLetters), lower)
        }
        return (.piece(.latin), lower.unicodeScalars.map(plain).joined())
    }

    /// The letter without its accent.
    private static func plain(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "a"..."z": String(Character(scalar))
        case "à", "á", "â", "ã", "ä", "å", "ā", "ă", "ą": "a"
        case "ç", "ć", "č": "c"
        case "è", "é", "ê", "ë", "ē", "ė", "ę", "ě": "e"
        case "ì", "í", "î", "ï", "ī", "į", "ı": "i"
        case "ł": "l"
        case "ñ", "ń", "ň": "n"
        case "ò", "ó", "ô", "õ", "ö", "ø", "ō", "ő": "o"
        case "ś", "š", "ş": "s"
        case "ù", "ú", "û", "ü", "ū", "ů", "ű": "u"
        case "ý", "ÿ": "y"
        case "ź", "ż", "ž": "z"
        case "ß": "ss"
        case "œ": "oe"
        case "æ": "ae"
        // Combining marks of a capital's lower case.
        case "\u{300}"..."\u{36F}": ""
        default: String(Character(scalar))
        }
    }
}

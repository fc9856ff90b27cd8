/// The tokens of a transcript with all that they can be read as.
///
/// A number word can be read in several ways: "forty two" is 42, or 40 and 2. So each token has steps, which say what is read and where
/// reading goes on. Every look-ahead and look-back is bounded: a finding has at most 45 pieces (digits, letters, words), with at most
/// ``between`` tokens between two of them.
final class Lattice {
    /// The most tokens of signs and fillers between two pieces of a finding.
    static let between = 10

    /// A number that begins at a token.
    struct Step {
        /// The token after it.
        let end: Int
        /// Digits as written; nil: `value` in `width` digits.
        let written: Int?
        let value: Int
        let width: Int
        let languages: SpokenLanguages
    }

    /// A sign, written or named.
    struct Sign {
        let text: String
        /// The token after it.
        let end: Int
        let spoken: Bool
    }

    let words: [String]
    private(set) var tokens: [Token] = []
    let lexicon: Lexicon
    /// What belongs to a finding already. Nothing is read across it.
    private var taken: [Bool]
    private var known: [[Step]?]

    init(_ words: [String], _ lexicon: Lexicon) {
        self.words = words
        self.lexicon = lexicon
        var cache: [String: [Token]] = [:]
        tokens.reserveCapacity(words.count * 5 / 4)
        for (place, word) in words.enumerated() {
            let pieces: [Token]
            if let cached = cache[word] {
                pieces = cached
            } else {
                var new = Tokenizer.tokens(of: word)
                for index in new.indices where new[index].isLetters {
                    new[index].entry = lexicon.place(of: new[index].text)
                }
                cache[word] = new
                pieces = new
            }
            for var piece in pieces {
                piece.word = place
                tokens.append(piece)
            }
        }
        taken = Array(repeating: false, count: tokens.count)
        known = Array(repeating: nil, count: tokens.count)
    }

    var count: Int { tokens.count }

    /// Whether nothing can be read here: the end, a mask, or a token of a finding.
    func isClosed(_ place: Int) -> Bool {
        place < 0 || place >= tokens.count || taken[place] || tokens[place].kind == .mask
    }

    func take(_ range: Range<Int>) {
        for place in range { taken[place] = true }
    }

    func isTaken(_ range: Range<Int>) -> Bool { range.contains { taken[$0] } }

    func entry(_ place: Int) -> LexiconEntry? {
        guard !isClosed(place), let entry = tokens[place].entry else { return nil }
        return lexicon.entries[entry]
    }

    func has(_ place: Int, _ role: WordRoles) -> Bool {
        guard !isClosed(place), let entry = tokens[place].entry else { return false }
        return !lexicon.entries[entry].roles.isDisjoint(with: role)
    }

    func isText(_ place: Int, _ text: String) -> Bool { !isClosed(place) && tokens[place].text == text }

    /// Whether the token follows the one before it in the same word.
    func isGlued(_ place: Int) -> Bool { place < tokens.count && tokens[place].glued }

    /// The token after a hyphen inside a word: "two" in "forty-two". Without one, the same token.
    func afterHyphen(_ place: Int) -> Int {
        guard !isClosed(place), tokens[place].glued, tokens[place].isSign("-"), isGlued(place + 1) else { return place }
        return place + 1
    }

    // MARK: Signs

    /// The sign that is written or named at a token.
    func sign(at place: Int) -> Sign? {
        guard !isClosed(place) else { return nil }
        let token = tokens[place]
        if token.kind == .sign { return Sign(text: token.text, end: place + 1, spoken: false) }
        if token.text == "a", isText(place + 1, "commercial") || isText(place + 1, "commerciale") {
            return Sign(text: "@", end: place + 2, spoken: true)
        }
        if let double = entry(place), double.numbers.contains(where: { $0.value == 2 }),
            ["points", "puntos", "punti"].contains(where: { isText(place + 1, $0) })
        {
            return Sign(text: ":", end: place + 2, spoken: true)
        }
        guard let named = entry(place)?.sign else { return nil }
        if named == "-" {
            // The keys of a French keyboard have numbers.
            if isText(place + 1, "du"), ["bas", "huit", "8"].contains(where: { isText(place + 2, $0) }) {
                return Sign(text: "_", end: place + 3, spoken: true)
            }
            if isText(place + 1, "du"), ["six", "6"].contains(where: { isText(place + 2, $0) }) {
                return Sign(text: "-", end: place + 3, spoken: true)
            }
            if ["bas", "bajo", "basso"].contains(where: { isText(place + 1, $0) }) {
                return Sign(text: "_", end: place + 2, spoken: true)
            }
            if isText(place + 1, "d"), isText(place + 2, "'"), isText(place + 3, "union") {
                return Sign(text: "-", end: place + 4, spoken: true)
            }
        }
        if named == "/", isText(place + 1, "baja") { return Sign(text: "_", end: place + 2, spoken: true) }
        if named == "@" {
            let next = afterHyphen(place + 1)
            if isText(next, "zeichen") || isText(next, "sign") { return Sign(text: "@", end: next + 1, spoken: true) }
            if isText(next, "the"), isText(next + 1, "rate") {
                let end = isText(next + 2, "of") ? next + 3 : next + 2
                return Sign(text: "@", end: end, spoken: true)
            }
        }
        return Sign(text: named, end: place + 1, spoken: true)
    }

    // MARK: Numbers

    /// The numbers that begin at a token, the longest first. Empty: none.
    func steps(at place: Int) -> [Step] {
        guard !isClosed(place) else { return [] }
        let token = tokens[place]
        if token.kind == .digits {
            return [Step(end: place + 1, written: place, value: 0, width: token.text.utf8.count, languages: .all)]
        }
        guard token.entry != nil else { return [] }
        if let steps = known[place] { return steps }
        let steps = NumberGrammar(lattice: self).steps(at: place).sorted { $0.end > $1.end }
        known[place] = steps
        return steps
    }

    func isNumber(_ place: Int) -> Bool { !steps(at: place).isEmpty }

    /// Adds a step's digits, each 0 to 9.
    func append(_ step: Step, to digits: inout [UInt8]) {
        if let written = step.written {
            digits.append(contentsOf: tokens[written].text.utf8.lazy.map { $0 & 15 })
        } else {
            var divisor = 1
            for _ in 1..<max(step.width, 1) { divisor *= 10 }
            while divisor > 0 {
                digits.append(UInt8(truncatingIfNeeded: step.value / divisor % 10))
                divisor /= 10
            }
        }
    }

    // MARK: Spelling

    /// A spelled letter that begins at a token, with its example ("N as in Nancy"), and the token after it.
    func letter(at place: Int) -> (letter: String, end: Int)? {
        guard !isClosed(place), tokens[place].kind == .latin else { return nil }
        let text = tokens[place].text
        if text.utf8.count == 1 {
            // "è" and "à" are words. A full-width letter has three bytes.
            guard tokens[place].end - tokens[place].start != 2 else { return nil }
            var next = place + 1
            // A comma or hyphen before the example.
            if next < count, tokens[next].isSign(",") { next += 1 }
            var words = 0
            while words < 2, has(next, .example) {
                next += 1
                words += 1
                if !isClosed(next), tokens[next].isLetters, tokens[next].text.hasPrefix(text),
                    tokens[next].text.utf8.count > 1,
                    !has(next, .example)
                {
                    return (text, next + 1)
                }
            }
            return (text, place + 1)
        }
        if let double = doubled(at: place) { return double }
        if has(place, .letterCase), !isClosed(place + 1), tokens[place + 1].text.utf8.count == 1 {
            return letter(at: place + 1)
        }
        guard let letter = entry(place)?.letter else { return nil }
        return (letter, place + 1)
    }

    /// "double u", "doppia vu", "i greca", "i lunga".
    private func doubled(at place: Int) -> (String, Int)? {
        guard has(place, .double), !isClosed(place + 1) else { return nil }
        return ["u", "v", "vu", "ve", "uve", "vau"].contains(tokens[place + 1].text) ? ("w", place + 2) : nil
    }
}

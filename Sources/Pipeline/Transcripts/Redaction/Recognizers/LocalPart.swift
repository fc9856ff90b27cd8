/// The part of an address before the at sign (RFC 5321's dot-string, also as it is said).
struct LocalPart {
    private(set) var start: Int
    /// Whether it has signs, spelled letters or digits, as no ordinary word has.
    private(set) var isComposed = false
    /// Whether somebody says that an address follows: "my email is …".
    private(set) var isCalled = false
    /// Whether it follows "is".
    private(set) var isNamed = false
    /// Whether it is a word of grammar.
    private(set) var isGrammar = false
    /// Whether it is a word that often comes before an ordinary "at".
    private(set) var isOrdinary = false
    /// Whether an article or the like is before it: "the team at" is no address, "use team at" may be one.
    private(set) var hasDeterminer = false

    private static let mostPieces = 40
    private static let signs: Set<String> = [
        "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "|", "}", "~", ".",
    ]

    private let lattice: Lattice
    private let written: Bool

    /// Reads the local part that ends before a token; nil if there is none.
    init?(before place: Int, written: Bool, in lattice: Lattice) {
        self.lattice = lattice
        self.written = written
        start = place
        var last = before(place)
        let joined = written ? nil : oneWord(endingAt: last)
        if let joined { last = before(joined) }
        guard !lattice.isClosed(last), let first = piece(endingAt: last) else { return nil }
        start = first.start
        var leading = first
        isComposed = first.kind != .word || joined != nil
        for _ in 0..<Self.mostPieces {
            guard !lattice.isClosed(start - 1), let piece = next(before: leading) else { break }
            start = piece.start
            leading = piece
            isComposed = true
        }
        if joined != nil { extendToWords() }
        // All of "O'Brien", but only the "re" of "we're", which is no address.
        while !written, lattice.isGlued(start), !lattice.isClosed(start - 1), !lattice.has(start, .grammar) {
            start -= 1
        }
        dropLeadingWord(leading)
        extendToName(leading)
        extendToCall(leading)
        if !isComposed {
            isGrammar = lattice.has(start, .grammar)
            isOrdinary = lattice.has(start, .beforeAt) || isGerund
            hasDeterminer = lattice.has(start - 1, .determiner)
        }
    }

    /// The token before another, in what is said without commas and hesitation.
    private func before(_ place: Int) -> Int {
        var last = place - 1
        guard !written else { return last }
        for _ in 0..<3
        where !lattice.isClosed(last) && (lattice.tokens[last].isSign(",") || lattice.has(last, .hesitation)) {
            last -= 1
        }
        return last
    }

    /// The piece before the leading one, if both are of one address.
    private func next(before leading: Piece) -> Piece? {
        if let sign = connector(endingAt: written ? start - 1 : before(start)),
            let piece = piece(endingAt: before(sign))
        {
            return piece
        }
        if lattice.isGlued(start) {
            let neighbor = lattice.tokens[start - 1]
            guard neighbor.kind == .digits || neighbor.isLetters,
                neighbor.kind != .otherLetters || lattice.tokens[start].kind != .latin
            else { return nil }
            return piece(endingAt: start - 1)
        }
        // Letters and digits follow each other without a sign. The "s" of "that's" is glued to its word.
        guard leading.kind != .word, let piece = piece(endingAt: before(start)), piece.kind != .word,
            !lattice.isGlued(piece.start)
        else { return nil }
        return piece
    }

    /// Where "all one word" begins, if it ends with a token.
    private func oneWord(endingAt place: Int) -> Int? {
        let phrases = [
            ["all", "one", "word"], ["one", "word"], ["all", "together"], ["all", "lowercase"], ["zusammengeschrieben"],
            ["zusammen"],
            ["alles", "zusammen"], ["tout", "attache"], ["en", "un", "mot"], ["todo", "junto"], ["tutto", "attaccato"],
        ]
        let found = phrases.filter { phrase in
            phrase.enumerated().allSatisfy { lattice.isText(place - phrase.count + 1 + $0.offset, $0.element) }
        }
        return found.map(\.count).max().map { place - $0 + 1 }
    }

    /// Up to two more words that are said to be one with the first.
    private mutating func extendToWords() {
        for _ in 0..<2 {
            let place = before(start)
            guard !lattice.isGlued(start), let piece = piece(endingAt: place), piece.kind == .word,
                !lattice.has(piece.start, [.grammar, .mailCue])
            else { return }
            start = piece.start
        }
    }

    /// "hiring at": English only.
    private var isGerund: Bool {
        let text = lattice.tokens[start].text
        let offices = [
            "billing", "booking", "marketing", "accounting", "shipping", "purchasing", "training", "hosting", "pricing",
        ]
        return text.utf8.count > 4 && text.hasSuffix("ing") && !offices.contains(text)
            && lattice.lexicon.place(of: "the") != nil
    }

    private enum Kind {
        case word
        /// A spelled letter, also as a word of a spelling alphabet.
        case letter
        case digits
    }

    private struct Piece {
        let start: Int
        let kind: Kind
    }

    /// The piece that ends with a token: the longest number, a spelled letter, or a word.
    private func piece(endingAt place: Int) -> Piece? {
        guard !lattice.isClosed(place) else { return nil }
        let token = lattice.tokens[place]
        switch token.kind {
        case .sign, .mask: return nil
        case .digits: return Piece(start: number(endingAt: place) ?? place, kind: .digits)
        case .otherLetters: return Piece(start: place, kind: .word)
        case .latin: break
        }
        // "N as in Nancy", "double u": what begins earlier and ends here.
        for first in stride(from: place - 4, to: place, by: 1) where first >= 0 {
            if let (_, end) = lattice.letter(at: first), end == place + 1, !lattice.isGlued(first) {
                return Piece(start: first, kind: .letter)
            }
        }
        if let first = number(endingAt: place) { return Piece(start: first, kind: .digits) }
        if token.text.utf8.count == 1 {
            let isClitic = token.glued && place > 0 && lattice.tokens[place - 1].isSign("'")
            return Piece(start: place, kind: isClitic || lattice.letter(at: place) == nil ? .word : .letter)
        }
        if lattice.letter(at: place) != nil, !token.glued {
            // One word of an alphabet may be a name; two are spelling.
            let before = before(place)
            let after = !lattice.isClosed(place + 1) && lattice.tokens[place + 1].isSign(",") ? place + 2 : place + 1
            if lattice.letter(at: before) != nil && !lattice.has(before, .grammar)
                || lattice.letter(at: after) != nil && lattice.sign(at: after) == nil && !lattice.has(after, .grammar)
            {
                return Piece(start: place, kind: .letter)
            }
        }
        if let sign = lattice.entry(place)?.sign, sign == "@" || sign == "." { return nil }
        return Piece(start: place, kind: .word)
    }

    private func number(endingAt place: Int) -> Int? {
        for first in stride(from: max(0, place - 6), through: place, by: 1) {
            if lattice.steps(at: first).contains(where: { $0.end == place + 1 }) { return first }
        }
        return nil
    }

    /// Where the sign begins that connects two pieces and ends with a token.
    private func connector(endingAt place: Int) -> Int? {
        guard !lattice.isClosed(place), place > 0 else { return nil }
        let token = lattice.tokens[place]
        if token.kind == .sign {
            guard Self.signs.contains(token.text) else { return nil }
            // A dot or dash belongs to both neighbors, or begins the next word as recognizers cut it.
            guard token.text != "'" || written && token.glued else { return nil }
            return lattice.isGlued(place + 1) ? place : nil
        }
        for first in [place - 3, place - 2, place - 1, place] where first >= 0 {
            if let sign = lattice.sign(at: first), sign.end == place + 1, sign.spoken,
                [".", "-", "_", "+", "'"].contains(sign.text)
            {
                return first
            }
        }
        return nil
    }

    /// In "mándelo a j u a n a", the first "a" is a word, and in "it would be b o b" the "be".
    private mutating func dropLeadingWord(_ leading: Piece) {
        if leading.kind == .letter, lattice.tokens[start].text.utf8.count > 1, !lattice.isGlued(start),
            lattice.has(start, [.grammar, .beforeAt]), lattice.letter(at: start + 1) != nil
        {
            start += 1
            return
        }
        guard leading.kind == .letter, lattice.has(start, .letterWord), lattice.tokens[start].text.utf8.count == 1,
            !lattice.isGlued(start), start + 1 < lattice.count, lattice.letter(at: start + 1) != nil,
            !lattice.isClosed(start - 1),
            lattice.tokens[start - 1].isLetters, !lattice.has(start - 1, .copula)
        else { return }
        start += 1
    }

    /// "smith ninety two at": the digits follow a name.
    private mutating func extendToName(_ leading: Piece) {
        guard leading.kind == .digits, !lattice.isGlued(start), let before = piece(endingAt: start - 1),
            before.kind == .word,
            !lattice.has(
                before.start, [.grammar, .mailCue, .copula, .filler, .pause, .beforeAt, .phoneCue, .numberCue])
        else { return }
        start = before.start
        while let sign = connector(endingAt: start - 1), let earlier = piece(endingAt: sign - 1) {
            start = earlier.start
        }
    }

    /// "My email is jane doe at": all that follows "is".
    private mutating func extendToCall(_ leading: Piece) {
        var place = start - 1
        var left = 6
        while left > 0, !lattice.isClosed(place) {
            let token = lattice.tokens[place]
            let colon = token.isSign(":")
            if colon || lattice.has(place, .copula) && token.isLetters && !isSpelled(place) {
                let before = max(0, place - 6)..<place
                isCalled = before.contains { lattice.has($0, .mailCue) && lattice.tokens[$0].text.utf8.count > 1 }
                guard isCalled || start - place <= 3 && !colon && (leading.kind != .letter || start == place + 1) else {
                    return
                }
                isNamed = true
                start = place + 1
                return
            }
            guard token.isLetters, !token.glued, !lattice.has(place, [.grammar, .mailCue, .beforeAt]) else { return }
            place -= 1
            left -= 1
        }
    }

    /// Whether a letter that is also a word for "is" is part of a spelled name.
    private func isSpelled(_ place: Int) -> Bool {
        lattice.tokens[place].text.utf8.count == 1 && place > 0 && !lattice.isClosed(place - 1)
            && lattice.tokens[place - 1].isLetters && lattice.tokens[place - 1].text.utf8.count == 1
    }
}

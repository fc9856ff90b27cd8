/// Finds IBANs, written in groups or spelled: the country's format, and right check digits.
struct IBANs {
    let lattice: Lattice

    /// Returns the tokens of all IBANs, in order.
    func find() -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = 0
        while place < lattice.count {
            if lattice.tokens[place].kind == .latin, let range = iban(at: place) {
                found.append(range)
                place = range.upperBound
            } else {
                place += 1
            }
        }
        return found
    }

    private func iban(at place: Int) -> Range<Int>? {
        // Only letters of another word may come before: not XDE89.
        for (country, end) in countries(at: place) {
            guard let format = IBANFormat.formats[country] else { continue }
            var search = Search(lattice: lattice, format: format, text: Array(country.utf8))
            if let end = search.end(after: end) { return place..<end }
        }
        return nil
    }

    /// The countries that can be read at a token.
    private func countries(at place: Int) -> [(String, Int)] {
        guard !lattice.isClosed(place) else { return [] }
        var found: [(String, Int)] = []
        if lattice.tokens[place].text.utf8.count == 2 { found.append((lattice.tokens[place].text, place + 1)) }
        if let (first, next) = lattice.letter(at: place) {
            for second in [next, Search.afterSeparators(next, in: lattice)] {
                if let (letter, end) = lattice.letter(at: second) {
                    found.append((first + letter, end))
                    break
                }
            }
        }
        return found
    }

    /// Tries all readings of what follows a country.
    private struct Search {
        let lattice: Lattice
        let format: [Character]
        var text: [UInt8]
        private var budget = 3_000

        init(lattice: Lattice, format: [Character], text: [UInt8]) {
            self.lattice = lattice
            self.format = format
            self.text = text
        }

        static func afterSeparators(_ place: Int, in lattice: Lattice) -> Int {
            var next = place
            var skipped = 0
            while skipped < 5, !lattice.isClosed(next) {
                let token = lattice.tokens[next]
                if token.kind == .sign {
                    guard ["-", ",", ".", "/", ";", "…", "?", "!", "(", ")"].contains(token.text) else { break }
                } else if lattice.isNumber(next) || token.text.utf8.count == 1
                    || !lattice.has(next, [.filler, .pause]) && lattice.sign(at: next)?.text != "-"
                {
                    break
                }
                next += 1
                skipped += 1
            }
            return next
        }

        /// Returns the token after the IBAN; nil if there is none.
        mutating func end(after place: Int) -> Int? {
            let matched = text.count - 2
            if matched == format.count {
                // A longer word or number is something else.
                if !lattice.isClosed(place), lattice.isGlued(place),
                    lattice.tokens[place].kind == .digits || lattice.tokens[place].kind == .latin
                {
                    return nil
                }
                return IBANFormat.hasRightCheckDigits(text) ? place : nil
            }
            budget -= 1
            guard budget > 0 else { return nil }
            if let end = step(from: place) { return end }
            let next = Self.afterSeparators(place, in: lattice)
            return next == place ? nil : step(from: next)
        }

        private mutating func step(from place: Int) -> Int? {
            guard !lattice.isClosed(place) else { return nil }
            for step in lattice.steps(at: place) {
                var digits: [UInt8] = []
                lattice.append(step, to: &digits)
                if let end = proceed(with: digits.map { $0 + 0x30 }, to: step.end) { return end }
            }
            if let (letter, end) = lattice.letter(at: place), let found = proceed(with: Array(letter.utf8), to: end) {
                return found
            }
            let token = lattice.tokens[place]
            if token.kind == .latin, token.text.utf8.count > 1 {
                // Where digits may be, "five" is one; a bank's four letters may spell a word.
                if token.entry != nil, format[min(text.count - 2, format.count - 1)] != "a" { return nil }
                return proceed(with: Array(token.text.utf8), to: place + 1)
            }
            return nil
        }

        private mutating func proceed(with piece: [UInt8], to end: Int) -> Int? {
            let matched = text.count - 2
            guard matched + piece.count <= format.count else { return nil }
            for (byte, kind) in zip(piece, format[matched...]) {
                let isDigit = (0x30...0x39).contains(byte)
                guard isDigit || (0x61...0x7A).contains(byte) else { return nil }
                if kind == "n" && !isDigit || kind == "a" && isDigit { return nil }
            }
            text += piece
            if let found = self.end(after: end) { return found }
            text.removeLast(piece.count)
            return nil
        }
    }
}

/// What is written in digits but is a time, a date or an amount.
enum WrittenAmount {
    /// The tokens of a word from `place` on that are digits and the signs between them.
    private static func piece(at place: Int, in lattice: Lattice) -> Range<Int> {
        var first = place
        var limit = 12
        while limit > 0, first > 0, lattice.tokens[first].glued, isPart(first - 1, lattice) {
            first -= 1
            limit -= 1
        }
        var end = place + 1
        while end < lattice.count, end - first < 16, lattice.tokens[end].glued, isPart(end, lattice) { end += 1 }
        while end > place + 1, lattice.tokens[end - 1].kind == .sign { end -= 1 }
        while first < place, lattice.tokens[first].kind == .sign { first += 1 }
        return first..<end
    }

    private static func isPart(_ place: Int, _ lattice: Lattice) -> Bool {
        let token = lattice.tokens[place]
        return token.kind == .digits || token.kind == .sign && [".", ",", ":", "/", "-", "'"].contains(token.text)
    }

    /// Whether digits are part of a time, a date, a fraction or a name such as `A380`.
    static func isNoNumber(at place: Int, in lattice: Lattice) -> Bool {
        guard lattice.tokens[place].kind == .digits else { return false }
        let piece = piece(at: place, in: lattice)
        // 38R, 25th, A380. A language without spaces has other letters around numbers.
        if piece.upperBound < lattice.count, lattice.tokens[piece.upperBound].glued,
            lattice.tokens[piece.upperBound].kind == .latin || lattice.tokens[piece.upperBound].isSign("_")
        {
            return true
        }
        if piece.lowerBound > 0, lattice.tokens[piece.lowerBound].glued,
            lattice.tokens[piece.lowerBound - 1].kind == .latin || lattice.tokens[piece.lowerBound - 1].isSign("_")
        {
            return true
        }
        // A path or a setting: `projects/0123456789`.
        if piece.lowerBound > 1, lattice.tokens[piece.lowerBound].glued, lattice.tokens[piece.lowerBound - 1].glued,
            ["/", "="].contains(lattice.tokens[piece.lowerBound - 1].text),
            lattice.tokens[piece.lowerBound - 2].isLetters
        {
            return true
        }
        guard piece.count >= 3 else { return false }
        let parts = piece.filter { lattice.tokens[$0].kind == .digits }.map { lattice.tokens[$0].text }
        let signs = Set(piece.filter { lattice.tokens[$0].kind == .sign }.map { lattice.tokens[$0].text })
        guard signs.count == 1, let sign = signs.first, parts.count * 2 - 1 == piece.count else { return false }
        switch sign {
        case ":": return true
        case ".", "/", "-":
            if parts.count == 3, isDate(parts) { return true }
            // A version.
            if sign == ".", parts.count == 3, parts.contains(where: { $0.count == 1 }) { return true }
            return sign == "." && parts.count == 2 && isDecimal(parts)
        case ",":
            // 12,5 and 1,234,567.
            if parts.count == 2 { return isDecimal(parts) && parts[1].count != 3 }
            return parts[0].count <= 3 && parts.dropFirst().allSatisfy { $0.count == 3 }
        default: return false
        }
    }

    /// The token after the word's digits and signs, if `place` is one of them.
    static func end(of place: Int, in lattice: Lattice) -> Int {
        guard lattice.tokens[place].kind == .digits, isNoNumber(at: place, in: lattice) else { return place + 1 }
        return piece(at: place, in: lattice).upperBound
    }

    private static func isDate(_ parts: [String]) -> Bool {
        let numbers = parts.compactMap(Int.init)
        guard numbers.count == 3 else { return false }
        let lengths = parts.map(\.count)
        if lengths[0] == 4, lengths[1] <= 2, lengths[2] <= 2 {
            return (1500...2200).contains(numbers[0]) && numbers[1] <= 12 && numbers[2] <= 31
        }
        return lengths[0] <= 2 && lengths[1] <= 2 && (lengths[2] == 2 || lengths[2] == 4) && numbers[0] <= 31
            && numbers[1] <= 31 && min(numbers[0], numbers[1]) <= 12
    }

    private static func isDecimal(_ parts: [String]) -> Bool {
        // 0170.1234567 is none.
        if parts[0].count > 1, parts[0].hasPrefix("0") { return false }
        return parts[0].count <= 3 || parts[1].count <= 2
    }

    /// Whether a number is an amount if nobody says what it is: `4,242,424`, `$5`, `12%`.
    static func isAmount(at place: Int, in lattice: Lattice) -> Bool {
        guard lattice.tokens[place].kind == .digits else { return false }
        let piece = piece(at: place, in: lattice)
        let before = piece.lowerBound - 1
        if !lattice.isClosed(before), lattice.tokens[before].kind == .sign,
            ["$", "€", "£", "¥", "#", "№"].contains(lattice.tokens[before].text)
        {
            return true
        }
        let after = piece.upperBound
        if !lattice.isClosed(after), lattice.tokens[after].kind == .sign,
            ["%", "$", "€", "£", "¥", "°", "‰"].contains(lattice.tokens[after].text)
        {
            return true
        }
        let parts = piece.filter { lattice.tokens[$0].kind == .digits }.map { lattice.tokens[$0].text }
        let signs = Set(piece.filter { lattice.tokens[$0].kind == .sign }.map { lattice.tokens[$0].text })
        guard parts.count > 1, signs.isSubset(of: [",", ".", "'"]), !signs.isEmpty else { return false }
        guard let first = parts.first, first.count <= 3, !first.hasPrefix("0") else { return false }
        return parts.dropFirst().dropLast(signs.count > 1 ? 1 : 0).allSatisfy { $0.count == 3 }
    }
}

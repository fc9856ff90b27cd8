/// What the words before and after a number say about it.
struct NumberContext {
    /// Somebody says that it is a phone number.
    var phone = false
    /// It is surely called that, and not "student number" or the like.
    var isCertain = true
    /// Somebody says that it is a number of another kind.
    var other = false
    /// Somebody says that it is a Social Security number.
    var social = false
    /// What is counted follows.
    var unit = false

    /// How many tokens before a number are looked at, and how many after it.
    private static let before = 16
    private static let after = 5

    /// The nearest word decides. Nothing is looked at across a finding.
    init(of range: Range<Int>, in lattice: Lattice) {
        var place = range.lowerBound - 1
        var left = Self.before
        while left > 0, !lattice.isClosed(place) {
            let entry = lattice.entry(place)
            let roles = entry?.roles ?? []
            if roles.contains(.socialCue) { social = true }
            if !phone, !other {
                if lattice.isText(place, "code"),
                    lattice.isText(place - 1, "area") || lattice.isText(place - 1, "country")
                {
                    phone = true
                } else if roles.contains(.otherNumberCue) {
                    other = true
                } else if roles.contains(.phoneCue),
                    !lattice.isText(place, "tel") || !lattice.tokens[place + 1].isLetters
                {
                    phone = true
                } else if roles.contains(.numberCue) {
                    // "Order number", "numéro de commande".
                    let near = (place - 4..<place + 4).filter { $0 != place && $0 < range.lowerBound }
                    if near.contains(where: { lattice.has($0, .otherNumberCue) }) { other = true } else { phone = true }
                    isCertain = !Self.isNumberOfSomething(place, lattice)
                } else if Self.isPhoneCue(place, lattice) {
                    phone = true
                } else if let stem = Self.stem(ofNumberAt: place, lattice) {
                    let dialed = [
                        "ruf", "telefon", "handy", "mobil", "fax", "festnetz", "kontakt", "hotline", "service",
                        "zentral", "privat",
                    ]
                    if dialed.contains(where: { stem.contains($0) }) { phone = true } else { other = true }
                }
            }
            place -= 1
            left -= 1
        }
        place = range.upperBound
        left = Self.after
        while left > 0, !lattice.isClosed(place) {
            if left >= Self.after - 1, lattice.has(place, .unit) { unit = true }
            if !phone, !other {
                if lattice.has(place, .otherNumberCue) { break }
                // "… is my number".
                if lattice.has(place, [.phoneCue, .numberCue]), left >= 2,
                    lattice.has(range.upperBound, [.copula, .grammar])
                {
                    phone = true
                }
            }
            if lattice.tokens[place].kind == .sign, [".", "?", "!", ","].contains(lattice.tokens[place].text) { break }
            place += 1
            left -= 1
        }
    }

    /// "Numéro d'étudiant", but not "numéro de ma sœur".
    private static func isNumberOfSomething(_ place: Int, _ lattice: Lattice) -> Bool {
        var next = place + 1
        guard ["de", "d", "di", "of"].contains(where: { lattice.isText(next, $0) }) else { return false }
        next += 1
        if !lattice.isClosed(next), lattice.tokens[next].isSign("'") { next += 1 }
        return !lattice.has(next, [.determiner, .grammar, .phoneCue])
    }

    /// In scripts without spaces, the cue is part of a longer text; in other languages, verbs have many forms.
    private static func isPhoneCue(_ place: Int, _ lattice: Lattice) -> Bool {
        let token = lattice.tokens[place]
        if token.kind == .latin { return stems.contains { token.text.hasPrefix($0) } }
        guard token.kind == .otherLetters, token.text.unicodeScalars.count > 2 else { return false }
        return ["電話", "电话", "手机", "携帯", "전화", "โทร"].contains { token.text.contains($0) }
    }

    /// German names a number in one word: "Inventarnummer". Returns what is before "nummer".
    private static func stem(ofNumberAt place: Int, _ lattice: Lattice) -> Substring? {
        let token = lattice.tokens[place]
        guard token.kind == .latin, token.text.utf8.count > 7, !lattice.has(place, .socialCue) else { return nil }
        let ending = ["nummer", "code", "zeichen", "kennung"].first { token.text.hasSuffix($0) }
        return ending.map { token.text.dropLast($0.count) }
    }

    /// Forms of verbs for calling: "llamadnos", "erreichbar".
    private static let stems = [
        "telefon", "llam", "appel", "rappel", "joign", "joind", "contact", "kontakt", "chiam", "contatt", "anruf",
        "erreich", "localiz",
        "zuruck", "whats", "reachable",
    ]
}

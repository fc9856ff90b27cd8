/// Reads number words: "two hundred and five", "quatre-vingt-dix-sept", "cuarenta y dos".
///
/// Words that are one number in their language are in the lexicon ("zweiundvierzig"); here are those of several words. All readings
/// are returned, also the shorter ones.
struct NumberGrammar {
    let lattice: Lattice

    private struct Part {
        let end: Int
        let value: Int
        let width: Int
        var languages: SpokenLanguages
    }

    /// The numbers that begin at a token, in no order.
    func steps(at place: Int) -> [Lattice.Step] {
        var found: [Part] = []
        if let entry = lattice.entry(place) {
            if !entry.roles.isDisjoint(with: [.double, .triple]) {
                let times = entry.roles.contains(.double) ? 2 : 3
                found += repeated(times, at: lattice.afterHyphen(place + 1))
            }
            for number in entry.numbers where (2...4).contains(number.value) && lattice.has(place + 1, .times) {
                var next = place + 2
                // "zweimal die Null".
                if lattice.has(next, .filler), !lattice.isNumber(next) { next += 1 }
                found += repeated(number.value, at: next)
            }
            for part in belowHundred(at: place, including: .all) { found += larger(part) }
            for number in entry.numbers where number.value >= 100 && number.width == String(number.value).count {
                found += withRest(number.value, after: place + 1, number.languages)
            }
            for number in entry.numbers where number.width != String(number.value).count || number.value == 0 {
                found.append(
                    Part(end: place + 1, value: number.value, width: number.width, languages: number.languages))
            }
        }
        var different: [Part] = []
        for part in found {
            // One number can be the same word in several languages.
            if let same = different.firstIndex(where: {
                $0.end == part.end && $0.value == part.value && $0.width == part.width
            }) {
                different[same].languages.formUnion(part.languages)
            } else {
                different.append(part)
            }
        }
        return different.map {
            Lattice.Step(end: $0.end, written: nil, value: $0.value, width: $0.width, languages: $0.languages)
        }
    }

    private func part(_ end: Int, _ value: Int, _ languages: SpokenLanguages) -> Part {
        Part(
            end: end, value: value, width: value < 10 ? 1 : value < 100 ? 2 : value < 1_000 ? 3 : 4,
            languages: languages)
    }

    /// One digit, several times: "double four".
    private func repeated(_ times: Int, at place: Int) -> [Part] {
        guard !lattice.isClosed(place) else { return [] }
        let token = lattice.tokens[place]
        let ones = [0, 1, 11, 111, 1_111][times]
        if token.kind == .digits, token.text.utf8.count == 1, let digit = Int(token.text) {
            return [Part(end: place + 1, value: digit * ones, width: times, languages: .all)]
        }
        return (lattice.entry(place)?.numbers ?? []).filter { $0.value < 10 && $0.width == 1 }.map {
            Part(end: place + 1, value: $0.value * ones, width: times, languages: $0.languages)
        }
    }

    /// The numbers 1 to 99.
    private func belowHundred(at place: Int, including languages: SpokenLanguages) -> [Part] {
        guard let entry = lattice.entry(place) else { return [] }
        var found: [Part] = []
        for number in entry.numbers where (1..<100).contains(number.value) && number.width == String(number.value).count
        {
            let shared = number.languages.intersection(languages)
            guard !shared.isEmpty else { continue }
            found.append(part(place + 1, number.value, shared))
            let next = lattice.afterHyphen(place + 1)
            if number.value % 10 == 0 { found += ten(number.value, next, shared) }
            if shared.contains(.french), number.value == 4 {
                for twenty in lattice.entry(next)?.numbers ?? []
                where twenty.value == 20 && twenty.languages.contains(.french) {
                    found.append(part(next + 1, 80, .french))
                    found += ten(80, lattice.afterHyphen(next + 1), .french)
                }
            }
            // "zwei und vierzig".
            if shared.contains(.german), number.value < 10, lattice.has(next, .joint) {
                let after = lattice.afterHyphen(next + 1)
                for ten in lattice.entry(after)?.numbers ?? []
                where (20..<100).contains(ten.value) && ten.value % 10 == 0 && ten.languages.contains(.german) {
                    found.append(part(after + 1, ten.value + number.value, .german))
                }
            }
        }
        return found
    }

    /// What follows a ten in its number.
    private func ten(_ ten: Int, _ place: Int, _ languages: SpokenLanguages) -> [Part] {
        var found: [Part] = []
        let direct = languages.intersection([.english, .french])
        if !direct.isEmpty { found += units(after: ten, at: place, direct) }
        if lattice.has(place, .joint) {
            let joined = languages.intersection([.french, .spanish])
            if !joined.isEmpty { found += units(after: ten, at: lattice.afterHyphen(place + 1), joined) }
        }
        return found
    }

    private func units(after ten: Int, at place: Int, _ languages: SpokenLanguages) -> [Part] {
        var found: [Part] = []
        for number in lattice.entry(place)?.numbers ?? [] where number.width == String(number.value).count {
            let shared = number.languages.intersection(languages)
            guard !shared.isEmpty, number.value > 0 else { continue }
            // Soixante-dix, quatre-vingt-dix.
            let scores = (ten == 60 || ten == 80) && shared.contains(.french)
            switch number.value {
            case 1..<10:
                // Ten and seven is one number in French only.
                if ten == 10, !(shared.contains(.french) && number.value > 6) { continue }
                found.append(part(place + 1, ten + number.value, ten == 10 ? .french : shared))
            case 10..<17 where scores:
                found.append(part(place + 1, ten + number.value, .french))
                if number.value == 10 {
                    found += units(after: 10, at: lattice.afterHyphen(place + 1), .french).map {
                        part($0.end, ten + $0.value, .french)
                    }
                }
            default: continue
            }
        }
        return found
    }

    /// A number below a hundred, and what it is times a hundred or a thousand.
    private func larger(_ below: Part) -> [Part] {
        var found = [below]
        let next = lattice.afterHyphen(below.end)
        if lattice.has(next, .hundred), below.value < 100, below.value % 10 != 0 {
            found += withRest(below.value * 100, after: next + 1, below.languages)
        }
        if lattice.has(next, .thousand), below.value < 10 {
            found += withRest(below.value * 1_000, after: next + 1, below.languages)
        }
        return found
    }

    /// A round number, and what it is with a number below a hundred.
    private func withRest(_ round: Int, after place: Int, _ languages: SpokenLanguages) -> [Part] {
        guard round < 10_000 else { return [] }
        var found = [part(place, round, languages)]
        guard round % 100 == 0 else { return found }
        let next = lattice.afterHyphen(place)
        found += belowHundred(at: next, including: languages).map { part($0.end, round + $0.value, $0.languages) }
        if lattice.has(next, .joint) {
            found += belowHundred(at: lattice.afterHyphen(next + 1), including: languages).map {
                part($0.end, round + $0.value, $0.languages)
            }
        }
        return found
    }
}

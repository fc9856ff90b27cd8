/// Numbers with nothing between them but signs, pauses and fillers: where all numbers of cards and phones are found.
struct NumberRun {
    /// One number, in its longest reading.
    struct Item {
        let start: Int
        let end: Int
        /// The place of its first digit among the run's.
        let offset: Int
        let count: Int
        let spoken: Bool
        let languages: SpokenLanguages
        /// What is between it and the item before it.
        let gap: Gap
        /// It goes on a word in which the item before it ends: `415-555`.
        let continues: Bool
        /// It can only be an amount, unless somebody says that it is a number: `4,200`, `$5`.
        let amount: Bool
        /// It can be read in another way, too.
        let ambiguous: Bool
    }

    /// What is between two items. A number may end only at `.group` or more.
    enum Gap: Int, Comparable {
        case none
        /// Another group, of digits or of a manner of speaking.
        case group
        /// A comma, or what listeners say in between.
        case pause
        /// The end of a sentence.
        case sentence
        /// What was said is taken back.
        case correction

        static func < (a: Gap, b: Gap) -> Bool { a.rawValue < b.rawValue }
    }

    private(set) var items: [Item] = []
    private(set) var digits: [UInt8] = []
    /// The token of `+`, written or said, before the first item.
    private(set) var plus: Int?

    var end: Int { items.last?.end ?? 0 }

    /// The most items of a run. A longer one is cut where there is a pause, so that no number is cut.
    private static let most = 400
    /// The most fillers in a row, and the most signs.
    private static let fillers = 4
    private static let signs = 4

    /// Returns the run that begins at or after a token; nil if there is none before the end.
    static func next(after place: inout Int, in lattice: Lattice) -> NumberRun? {
        while place < lattice.count {
            if lattice.isNumber(place), !WrittenAmount.isNoNumber(at: place, in: lattice) {
                let run = NumberRun(from: place, in: lattice)
                if !run.items.isEmpty {
                    place = run.end
                    return run
                }
            }
            place = WrittenAmount.end(of: place, in: lattice)
        }
        return nil
    }

    private init(from first: Int, in lattice: Lattice) {
        if let before = Self.plus(before: first, in: lattice) { plus = before }
        var place = first
        var gap = Gap.none
        while items.count < Self.most, let step = lattice.steps(at: place).first,
            items.isEmpty || !WrittenAmount.isNoNumber(at: place, in: lattice)
        {
            let offset = digits.count
            lattice.append(step, to: &digits)
            let spoken = step.written == nil
            let count = digits.count - offset
            if let last = items.last {
                // Between digits that are written, or between the manners, is a group's end.
                if !spoken || !last.spoken, count > 1 || last.count > 1 || spoken != last.spoken {
                    gap = max(gap, .group)
                }
                if gap == .pause, spoken != last.spoken { gap = .sentence }
                if last.languages.isDisjoint(with: step.languages) { gap = max(gap, .pause) }
            }
            items.append(
                Item(
                    start: place, end: step.end, offset: offset, count: count, spoken: spoken,
                    languages: step.languages,
                    gap: gap,
                    continues: !items.isEmpty && Self.isOneWord(items[items.count - 1].end, place, in: lattice),
                    amount: WrittenAmount.isAmount(at: place, in: lattice),
                    ambiguous: lattice.steps(at: place).count > 1))
            guard let (next, following) = Self.separator(after: step.end, in: lattice) else { break }
            place = next
            gap = following
        }
        if items.count == Self.most { cut() }
    }

    private mutating func cut() {
        let places = items.indices.suffix(Self.most / 2)
        guard let end = places.last(where: { items[$0].gap >= .pause }) ?? places.last(where: isBoundary) else {
            return
        }
        digits.removeLast(digits.count - items[end].offset)
        items.removeLast(items.count - end)
    }

    private static func plus(before place: Int, in lattice: Lattice) -> Int? {
        for before in [place - 1, place - 2] where !lattice.isClosed(before) {
            if before == place - 2, !lattice.tokens[place - 1].isSign("(") { break }
            if lattice.sign(at: before)?.text == "+" { return before }
        }
        return nil
    }

    /// The next number's token, and what is before it; nil if something else follows.
    static func separator(after place: Int, in lattice: Lattice) -> (Int, Gap)? {
        var next = place
        var gap = Gap.none
        var fillers = 0
        var signs = 0
        while !lattice.isNumber(next) {
            guard !lattice.isClosed(next), fillers <= Self.fillers, signs <= Self.signs else { return nil }
            let token = lattice.tokens[next]
            if token.kind == .sign {
                signs += 1
                let inside = token.glued && lattice.isGlued(next + 1)
                switch token.text {
                case "-", "/", "(", ")", "[", "]", "'", "\"", "·", "•", "*", "«", "»", "“", "”", "„":
                    // A dash alone is the start of a thought, a hyphen the end of a group.
                    gap = max(gap, .group)
                case ".": gap = max(gap, inside ? .group : .sentence)
                case ",", ";", "、", "،": gap = max(gap, .pause)
                case ":": if inside { return nil } else { gap = max(gap, .pause) }
                case "…", "?", "!", "¿", "¡", "؟": gap = max(gap, .sentence)
                default: return nil
                }
                next += 1
                continue
            }
            guard let entry = lattice.entry(next) else { return nil }
            fillers += 1
            if entry.roles.contains(.correction) {
                gap = .correction
            } else if entry.roles.contains(.pause) {
                gap = max(gap, .pause)
            } else if entry.roles.contains(.filler) {
                gap = max(gap, .group)
            } else if let sign = lattice.sign(at: next), ["-", "/", ".", ","].contains(sign.text) {
                gap = max(gap, sign.text == "," ? .pause : .group)
                next = sign.end
                continue
            } else {
                return nil
            }
            next += 1
        }
        return (next, gap)
    }

    /// Whether two numbers are in one word with a hyphen or dot between them.
    private static func isOneWord(_ end: Int, _ place: Int, in lattice: Lattice) -> Bool {
        (end..<place + 1).allSatisfy { lattice.isGlued($0) }
            && (end..<place).allSatisfy { ["-", ".", "'", "(", ")"].contains(lattice.tokens[$0].text) }
    }

    /// Whether a number may begin or end before the item at `index`: not within a word or a group.
    func isBoundary(_ index: Int) -> Bool {
        index <= 0 || index >= items.count || items[index].gap >= .group && !items[index].continues
    }

    /// Whether a number that nothing proves may begin or end there: only at a pause, so that no part of a longer one is found.
    func isPause(_ index: Int) -> Bool { isBoundary(index) && gap(before: index) >= .pause }

    /// Whether a number that is surely one may begin or end there: anywhere but within a word.
    func isLoose(_ index: Int) -> Bool { index <= 0 || index >= items.count || !items[index].continues }

    /// What is before the item at `index`.
    func gap(before index: Int) -> Gap {
        index <= 0 || index >= items.count ? .sentence : items[index].gap
    }

    func digits(of range: Range<Int>) -> ArraySlice<UInt8> {
        guard let first = range.first, let last = range.last else { return [] }
        return digits[items[first].offset..<items[last].offset + items[last].count]
    }

    /// The tokens of some items.
    func tokens(of range: Range<Int>) -> Range<Int> { items[range.lowerBound].start..<items[range.upperBound - 1].end }

    /// Tries other readings of some items than the longest of each, until one is accepted. Returns whether one was. Those in which
    /// few numbers are read in another way come first.
    ///
    /// - Parameters:
    ///   - budget: how many steps to try at most, for this call and others.
    ///   - most: how many digits there are at most.
    func anotherReading(
        of range: Range<Int>, in lattice: Lattice, most: Int, budget: inout Int, accept: ([UInt8]) -> Bool
    ) -> Bool {
        guard items[range].contains(where: \.ambiguous) else { return false }
        let end = items[range.upperBound - 1].end
        var digits: [UInt8] = []
        func walk(_ place: Int, _ others: Int) -> Bool {
            if place == end { return others == 0 && accept(digits) }
            budget -= 1
            guard budget > 0 else { return false }
            var next = place
            if !lattice.isNumber(next) {
                guard let (found, _) = Self.separator(after: place, in: lattice), found < end else { return false }
                next = found
            }
            for (choice, step) in lattice.steps(at: next).enumerated()
            where step.end <= end && (choice == 0 || others > 0) {
                let count = digits.count
                lattice.append(step, to: &digits)
                if digits.count <= most, walk(step.end, choice == 0 ? others : others - 1) { return true }
                digits.removeLast(digits.count - count)
            }
            return false
        }
        for others in 1...range.count where budget > 0 && walk(items[range.lowerBound].start, others) { return true }
        return false
    }
}

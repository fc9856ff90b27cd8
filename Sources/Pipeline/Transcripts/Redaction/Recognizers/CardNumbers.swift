/// Finds numbers of payment cards: a known first few digits, the length that goes with them, and Luhn's check digit (ISO/IEC 7812).
enum CardNumbers {
    /// Returns the ranges of items of a run that are cards, in order.
    static func find(in run: NumberRun, _ lattice: Lattice) -> [Range<Int>] {
        guard run.digits.count >= 12 else { return [] }
        var found: [Range<Int>] = []
        var first = 0
        while first < run.items.count {
            if let end = end(of: first, in: run, lattice) {
                found.append(first..<end)
                first = end
            } else {
                first += 1
            }
        }
        return found
    }

    /// Where the longest card ends that begins at an item.
    private static func end(of first: Int, in run: NumberRun, _ lattice: Lattice) -> Int? {
        let starts = run.isBoundary(first)
        var ends: [Int] = []
        var end = first
        while end < run.items.count {
            end += 1
            let count = run.items[end - 1].offset + run.items[end - 1].count - run.items[first].offset
            // "quatre-vingt dix-huit" is 98, or 80 and 18: a reading may have more digits than the longest one.
            if count > 19 { break }
            if count >= 8 { ends.append(end) }
        }
        var budget = 2_000
        for end in ends.reversed() {
            let stops = run.isBoundary(end)
            // In digits that are said one by one, only the first or last of them can be a card, and only one that everybody knows.
            guard
                starts && stops
                    || run.digits.count > 16 && run.isLoose(first) && run.isLoose(end)
                        && (first == 0 || end == run.items.count)
            else { continue }
            let certain = starts && stops
            let range = first..<end
            let accept = { (digits: ArraySlice<UInt8>) in isCard(digits, onlyMajor: !certain) }
            if accept(run.digits(of: range)) { return end }
            if certain,
                run.anotherReading(of: range, in: lattice, most: 19, budget: &budget, accept: { accept($0[...]) })
            {
                return end
            }
        }
        return nil
    }

    /// Whether digits are the number of a card.
    ///
    /// - Parameter onlyMajor: of a kind that is common everywhere, in its usual length.
    static func isCard(_ digits: ArraySlice<UInt8>, onlyMajor: Bool = false) -> Bool {
        guard (13...19).contains(digits.count), isLuhn(digits) else { return false }
        let first = digits.prefix(6).reduce(0) { $0 * 10 + Int($1) }
        let major: Bool
        switch first {
        // Visa.
        case 400_000...499_999: major = true
        // Mastercard.
        case 510_000...559_999, 222_100...272_099: return digits.count == 16
        // American Express.
        case 340_000...349_999, 370_000...379_999: return digits.count == 15
        // Discover.
        case 601_100...601_199, 644_000...659_999: major = true
        // Diners Club, JCB.
        case 300_000...305_999, 309_500...309_599, 360_000...369_999, 380_000...399_999:
            return !onlyMajor && (14...19).contains(digits.count)
        case 352_800...358_999: return !onlyMajor && (16...19).contains(digits.count)
        // UnionPay, RuPay, Mir, Troy.
        case 620_000...629_999, 810_000...817_199: return !onlyMajor && (16...19).contains(digits.count)
        case 220_000...220_499, 979_200...979_289, 600_000...699_999: return !onlyMajor && digits.count >= 16
        // Maestro.
        case 500_000...509_999, 560_000...589_999: return !onlyMajor
        default: return false
        }
        return major && (digits.count == 16 || !onlyMajor && [13, 19].contains(digits.count))
    }

    private static func isLuhn(_ digits: ArraySlice<UInt8>) -> Bool {
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let value = Int(digit)
            sum += place % 2 == 0 ? value : value < 5 ? value * 2 : value * 2 - 9
        }
        // Zeros alone would pass.
        return sum > 0 && sum % 10 == 0
    }
}

/// Finds US Social Security numbers: nine digits that may have been issued, in groups of 3, 2 and 4, or named as such.
enum SocialSecurityNumbers {
    /// Returns the ranges of items of a run that are Social Security numbers, in order.
    static func find(in run: NumberRun, _ lattice: Lattice, english: Bool) -> [Range<Int>] {
        guard run.digits.count >= 8, run.plus == nil else { return [] }
        var found: [Range<Int>] = []
        var first = 0
        while first < run.items.count {
            if run.isBoundary(first), let end = end(of: first, in: run, lattice, english) {
                found.append(first..<end)
                first = end
            } else {
                first += 1
            }
        }
        return found
    }

    private static func end(of first: Int, in run: NumberRun, _ lattice: Lattice, _ english: Bool) -> Int? {
        var end = first
        var ends: [Int] = []
        while end < run.items.count, end - first < 12 {
            end += 1
            if run.isBoundary(end) { ends.append(end) }
        }
        for end in ends.reversed() {
            let range = first..<end
            let digits = run.digits(of: range)
            guard (4...9).contains(digits.count) else { continue }
            guard digits.count == 9, mayBeIssued(digits) else {
                // "five twelve forty-three …" in other words than the longest.
                guard digits.count >= 6, run.items[range].contains(where: \.ambiguous),
                    NumberContext(of: run.tokens(of: range), in: lattice).social
                else { continue }
                var budget = 200
                if run.anotherReading(
                    of: range, in: lattice, most: 9, budget: &budget, accept: { $0.count == 9 && mayBeIssued($0[...]) })
                {
                    return end
                }
                continue
            }
            let context = NumberContext(of: run.tokens(of: range), in: lattice)
            if context.social { return end }
            // Inside a longer row of groups, these three are not alone.
            let alone = (first == 0 || run.gap(before: first) >= .pause) && run.gap(before: end) >= .pause
            guard alone, !context.other, !context.phone, !context.unit, isGrouped(range, run) else { continue }
            if english || isHyphenated(range, run, lattice) { return end }
        }
        return nil
    }

    /// Whether these nine digits may have been issued: not 000, 666 or 900 to 999 first, no group of zeros.
    static func mayBeIssued(_ digits: ArraySlice<UInt8>) -> Bool {
        let value = digits.reduce(0) { $0 * 10 + Int($1) }
        let area = value / 1_000_000
        return digits.count == 9 && (1...899).contains(area) && area != 666 && value / 10_000 % 100 != 0
            && value % 10_000 != 0
    }

    /// Whether the digits are in groups of 3, 2 and 4.
    private static func isGrouped(_ range: Range<Int>, _ run: NumberRun) -> Bool {
        let start = run.items[range.lowerBound].offset
        let ends = range.dropFirst().filter {
            run.gap(before: $0) >= .group
                && (run.gap(before: $0) >= .pause || !run.items[$0].spoken || !run.items[$0 - 1].spoken)
        }
        .map { run.items[$0].offset - start }
        return ends == [3, 5]
    }

    private static func isHyphenated(_ range: Range<Int>, _ run: NumberRun, _ lattice: Lattice) -> Bool {
        range.count == 3
            && range.dropFirst().allSatisfy {
                run.items[$0].start == run.items[$0 - 1].end + 1 && lattice.tokens[run.items[$0].start - 1].isSign("-")
            }
    }
}

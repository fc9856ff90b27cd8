/// Finds phone numbers: international ones, national ones of the countries where the language is spoken, and any that somebody calls one.
struct PhoneNumbers {
    let plans: [NumberingPlan]

    init(language: String?) { plans = NumberingPlan.plans(of: language) }

    /// Returns the ranges of items of a run that are phone numbers, in order.
    func find(in run: NumberRun, _ lattice: Lattice) -> [Range<Int>] {
        guard run.digits.count >= 5 else { return [] }
        var found: [Range<Int>] = []
        var first = 0
        while first < run.items.count {
            guard run.isPause(first) || startsNumber(first, run) else {
                first += 1
                continue
            }
            if let end = said(from: first, in: run, lattice) ?? end(of: first, in: run, lattice) {
                found.append(first..<end)
                first = end
            } else {
                first += 1
            }
        }
        if found.isEmpty, let named = named(in: run, lattice) { found = [named] }
        return found
    }

    /// Whether a written number that follows another begins one of its own: "room 12 415-555-0123", "2019 0170 1234567".
    private func startsNumber(_ first: Int, _ run: NumberRun) -> Bool {
        let item = run.items[first]
        guard run.isBoundary(first), !item.spoken else { return false }
        return first + 1 < run.items.count && run.items[first + 1].continues
            || item.count > 1 && run.digits[item.offset] == 0
    }

    /// Where the longest phone number ends that begins at an item.
    private func end(of first: Int, in run: NumberRun, _ lattice: Lattice) -> Int? {
        var ends: [Int] = []
        var end = first
        while end < run.items.count {
            end += 1
            let count = run.items[end - 1].offset + run.items[end - 1].count - run.items[first].offset
            if count > 18 { break }
            if count >= 5, run.isPause(end) { ends.append(end) }
        }
        guard !ends.isEmpty else { return nil }
        let plus = first == 0 && run.plus != nil
        let start = plus ? run.plus ?? 0 : run.items[first].start
        let context = NumberContext(of: start..<run.items[ends[ends.count - 1] - 1].end, in: lattice)
        var budget = 500
        // A number rarely goes on after the end of a sentence.
        let sentence =
            (first + 1..<max(ends[ends.count - 1], first + 1)).first { run.gap(before: $0) >= .sentence }
            ?? run.items.count
        for end in ends.filter({ $0 <= sentence }).reversed() + ends.filter({ $0 > sentence }).reversed() {
            let range = first..<end
            let unit = NumberContext(of: run.tokens(of: range), in: lattice).unit
            if !context.phone, !plus {
                if context.other || unit || isCounting(range, run) { continue }
                // "673.550.182" may be one if nothing is counted.
                if run.items[range].contains(where: \.amount),
                    run.digits(of: range).count != 9 || goesOn(range, run, lattice)
                {
                    continue
                }
            }
            if unit, !plus, !context.phone { continue }
            let sizes = sizes(range, run)
            let accept = { (digits: ArraySlice<UInt8>) in
                isNumber(digits, plus: plus, named: context.phone, sizes: sizes)
            }
            if accept(run.digits(of: range)) { return end }
            guard plus || context.phone || run.digits.first == 0 else { continue }
            if run.anotherReading(of: range, in: lattice, most: 15, budget: &budget, accept: { accept($0[...]) }) {
                return end
            }
        }
        return nil
    }

    /// Where a number ends that somebody calls a phone number and says: with the sentence, whatever the plan. So no part of it remains.
    private func said(from first: Int, in run: NumberRun, _ lattice: Lattice) -> Int? {
        guard run.gap(before: first) >= .sentence, !(first == 0 && run.plus != nil) else { return nil }
        var end = first
        while end < run.items.count, end == first || run.gap(before: end) < .sentence, end - first < 16 { end += 1 }
        let range = first..<end
        guard run.items[range].allSatisfy(\.spoken), (7...15).contains(run.digits(of: range).count),
            run.gap(before: end) >= .sentence
        else { return nil }
        let context = NumberContext(of: run.tokens(of: range), in: lattice)
        return context.phone && context.isCertain && !context.unit ? end : nil
    }

    /// Whether a word follows without a pause.
    private func goesOn(_ range: Range<Int>, _ run: NumberRun, _ lattice: Lattice) -> Bool {
        let next = run.items[range.upperBound - 1].end
        return !lattice.isClosed(next) && lattice.tokens[next].kind != .sign
    }

    private func isNumber(_ digits: ArraySlice<UInt8>, plus: Bool, named: Bool, sizes: [Int]?) -> Bool {
        if plus { return NumberingPlan.isInternational(digits) }
        if digits.count > 10, digits.prefix(2).allSatisfy({ $0 == 0 }) {
            return NumberingPlan.isInternational(digits.dropFirst(2))
        }
        if digits.count > 11, digits.prefix(3).elementsEqual([0, 1, 1]),
            NumberingPlan.isInternational(digits.dropFirst(3))
        {
            return true
        }
        for plan in plans where plan.matches(digits) {
            if named || sizes.map(plan.isUsual) ?? (digits.first == 0) { return true }
        }
        return (named || sizes.map(NumberingPlan.northAmerica.isUsual) ?? false)
            && NumberingPlan.northAmerica.matches(digits)
    }

    /// How many digits each group has; nil for a list of written numbers, which has commas, and for what is corrected.
    private func sizes(_ range: Range<Int>, _ run: NumberRun) -> [Int]? {
        var sizes: [Int] = []
        for index in range {
            if index > range.lowerBound, run.items[index].gap == .correction { return nil }
            let count = run.items[index].count
            let written = !run.items[index].spoken
            if index > range.lowerBound, written, run.items[index].gap >= .pause, count > 1 { return nil }
            if index == range.lowerBound || run.items[index].gap >= (written ? .group : .pause) {
                sizes.append(count)
            } else {
                sizes[sizes.count - 1] += count
            }
        }
        return sizes
    }

    /// Whether somebody counts: each number is as much more than the one before it.
    private func isCounting(_ range: Range<Int>, _ run: NumberRun) -> Bool {
        if range.count == 1,
            ["0123456789", "1234567890", "123456789"].contains(run.digits(of: range).map(String.init).joined())
        {
            return true
        }
        guard range.count > 2 else { return false }
        let values = range.map { index in
            run.digits(of: index..<index + 1).prefix(9).reduce(0) { $0 * 10 + Int($1) }
        }
        let steps = Set(zip(values, values.dropFirst()).map { $1 - $0 })
        return steps.count == 1 && steps != [0]
    }

    /// What somebody calls a phone number, although no plan has it: 7 to 15 digits, up to a pause.
    private func named(in run: NumberRun, _ lattice: Lattice) -> Range<Int>? {
        var end = 0
        while end < run.items.count, end == 0 || run.gap(before: end) < .sentence || !run.isBoundary(end) { end += 1 }
        let range = 0..<end
        let count = run.digits(of: range).count
        guard (7...15).contains(count) else { return nil }
        let context = NumberContext(of: run.tokens(of: range), in: lattice)
        return context.phone && context.isCertain && !context.unit ? range : nil
    }
}

/// Breaks parts of a run of fragments into lines: into as few as possible, and among these ways into the one with the least cost.
///
/// Lines should be of nearly the same length, and end after a sentence rather than a clause, a pause or a word. The cost of a way is the sum of
/// ``CueBreak/costOfLine`` where lines end, and for each line a third of the columns by which it differs from the average.
struct LineBreaker {
    private let limits: CueLimits
    /// The maximum number of fragments in a cue.
    private let most: Int
    private let fragments: [CueFragment]
    private let breaks: [CueBreak]
    /// The width of all fragments before an index, with their spaces.
    private let columnsBefore: [Int]
    /// For each fragment, the last one that fits on a line that begins with it.
    private let lastOnLine: [Int]
    /// For each fragment, the first one from which a line can reach it.
    private let firstOnLine: [Int]
    // Of the latest computation, by break and place: the least cost of what is before the break, and the place of the break before. They are kept
    // so that a computation allocates nothing.
    private var costs: [Int]
    private var previous: [Int]
    /// The places where each break may be.
    private var windows: [ClosedRange<Int>]

    /// - Parameter most: The maximum number of fragments that are broken into lines at a time.
    init(_ fragments: [CueFragment], breaks: [CueBreak], limits: CueLimits, most: Int) {
        var columnsBefore = [0]
        for fragment in fragments {
            columnsBefore.append((columnsBefore.last ?? 0) + fragment.columns + (fragment.spaced ? 1 : 0))
        }
        var lastOnLine = Array(fragments.indices)
        var firstOnLine = lastOnLine
        var first = 0
        for last in fragments.indices {
            func width() -> Int { columnsBefore[last + 1] - columnsBefore[first] - (fragments[first].spaced ? 1 : 0) }
            while first < last, width() > limits.columnsPerLine { first += 1 }
            firstOnLine[last] = first
            lastOnLine[first] = last
        }
        // A fragment that no line begins with reaches as far as the one before it.
        for index in fragments.indices.dropFirst() { lastOnLine[index] = max(lastOnLine[index], lastOnLine[index - 1]) }
        self.limits = limits
        self.fragments = fragments
        self.breaks = breaks
        self.columnsBefore = columnsBefore
        self.lastOnLine = lastOnLine
        self.firstOnLine = firstOnLine
        self.most = most
        costs = Array(repeating: 0, count: (limits.lines - 1) * most)
        previous = costs
        windows = Array(repeating: 0...0, count: limits.lines)
    }

    /// Returns the width of these fragments on one line.
    func columns(_ first: Int, _ last: Int) -> Int {
        columnsBefore[last + 1] - columnsBefore[first] - (fragments[first].spaced ? 1 : 0)
    }

    /// Returns the least cost of breaking these fragments into lines; nil if they don't fit.
    mutating func cost(_ first: Int, _ last: Int) -> Int? {
        if lastOnLine[first] >= last { return 0 }
        guard let count = lineCount(first, last) else { return nil }
        return solve(first, last, lines: count).cost / (3 * count)
    }

    /// Returns the lines of the least cost. The fragments must fit.
    mutating func lines(_ first: Int, _ last: Int) -> [ArraySlice<CueFragment>] {
        guard lastOnLine[first] < last, let count = lineCount(first, last) else { return [fragments[first...last]] }
        var place = solve(first, last, lines: count).lastBreak
        var lines = [fragments[(place + 1)...last]]
        for index in (0..<count - 1).reversed() {
            let before = index > 0 ? previous[slot(index, place, first)] : first - 1
            lines.append(fragments[(before + 1)...place])
            place = before
        }
        return lines.reversed()
    }

    /// Returns the least number of lines; nil if it is too large.
    private func lineCount(_ first: Int, _ last: Int) -> Int? {
        var end = lastOnLine[first]
        var count = 1
        while end < last {
            count += 1
            if count > limits.lines { return nil }
            end = lastOnLine[end + 1]
        }
        return count
    }

    private func slot(_ index: Int, _ place: Int, _ first: Int) -> Int {
        index * most + place - first
    }

    /// Returns the least cost in 3 × `lines` parts, so that the average needs no fraction, and the last fragment before the last line.
    private mutating func solve(_ first: Int, _ last: Int, lines: Int) -> (cost: Int, lastBreak: Int) {
        // Where the breaks may be: not so late that a line before is too long, not so early that one after it is.
        var end = first - 1
        for index in 0..<lines - 1 {
            end = lastOnLine[end + 1]
            windows[index] = end...end
        }
        var start = last
        for index in (0..<lines - 1).reversed() {
            start = firstOnLine[start] - 1
            windows[index] = start...max(start, min(windows[index].upperBound, last - (lines - 1 - index)))
        }
        let total = columns(first, last) - (lines - 1)
        func unevenness(_ from: Int, _ to: Int) -> Int { abs(lines * columns(from, to) - total) }
        func best(_ index: Int, upTo place: Int) -> (cost: Int, place: Int) {
            let window = windows[index]
            var best = (cost: Int.max, place: window.lowerBound)
            for before in max(window.lowerBound, firstOnLine[place] - 1)...min(window.upperBound, place - 1) {
                let cost = costs[slot(index, before, first)] + unevenness(before + 1, place)
                if cost < best.cost { best = (cost, before) }
            }
            return best
        }
        for place in windows[0] {
            costs[slot(0, place, first)] = unevenness(first, place) + breaks[place].costOfLine * 3 * lines
        }
        for index in 0..<lines - 2 {
            for place in windows[index + 1] {
                let before = best(index, upTo: place)
                costs[slot(index + 1, place, first)] = before.cost + breaks[place].costOfLine * 3 * lines
                previous[slot(index + 1, place, first)] = before.place
            }
        }
        let way = best(lines - 2, upTo: last)
        return (way.cost, way.place)
    }
}

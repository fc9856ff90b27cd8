/// Cuts a transcript into cues that read well. It finds the cuts of each run with the least total cost, by dynamic programming.
///
/// Guarantees: Every fragment appears once, in order. A cue has one speaker, at most two lines of 42 columns, and at most seven seconds
/// of speech, unless a single fragment is longer.
///
/// Costs decide the rest: a cue should end after a sentence rather than a clause, a pause or a word. It should be long enough to read
/// and not tiny. It should end where somebody else begins to speak, whose cue then takes the screen.
struct CueBuilder {
    private let run: CueRun
    /// When the next run begins, or the source ends.
    private let limit: Int64
    /// The kind of break after each fragment.
    private let breaks: [CueBreak]
    /// The width of all fragments before an index, with their spaces.
    private let columnsBefore: [Int]
    /// The costs of crossing all breaks before an index.
    private let crossingsBefore: [Int]
    /// For each fragment, the time from which a cue that begins with it talks over somebody else.
    private let talksOverFrom: [Int64]

    /// The maximum number of fragments in a cue. Invisible fragments have no width, but a cue of them must still end somewhere.
    private static let mostPieces = 100
    /// The cost of a cue by itself, so that few cues are better than many.
    private static let costOfCue = 10
    /// The cost of continuing while somebody else speaks …
    private static let costOfTalkingOver = 80
    /// … for longer than this, in milliseconds. Shorter overlaps at the end of a speaker turn are common.
    private static let toleratedOverlap: Int64 = 1_500
    /// Somebody who begins to speak within this many milliseconds after the start of a cue doesn't interrupt it.
    private static let sameMoment: Int64 = 500

    /// Returns the cues of a transcript whose times are in order: sorted by start, without overlap.
    static func cues(of transcript: Transcript) -> [Cue] {
        let runs = transcript.cueRuns
        let interruptions = CueInterruptions(runs)
        var cues: [Cue] = []
        for (index, run) in runs.enumerated() {
            let next = index + 1 < runs.count ? runs[index + 1].fragments.first?.start : nil
            let limit = next ?? transcript.durationMilliseconds
            cues += CueBuilder(run, limit: limit, interruptions: interruptions).cues()
        }
        // If people speak at the same time, whoever begins first is shown first.
        cues.sort { $0.start < $1.start }
        return CueTiming(cues, duration: transcript.durationMilliseconds).settled()
    }

    private init(_ run: CueRun, limit: Int64, interruptions: CueInterruptions) {
        let fragments = run.fragments
        let breaks =
            zip(fragments, fragments.dropFirst()).map { CueBreak(between: $0, and: $1) } + [CueBreak.sentence]
        var columnsBefore = [0]
        var crossingsBefore = [0]
        for (fragment, place) in zip(fragments, breaks) {
            columnsBefore.append((columnsBefore.last ?? 0) + fragment.columns + (fragment.spaced ? 1 : 0))
            crossingsBefore.append((crossingsBefore.last ?? 0) + place.costOfCrossing)
        }
        self.run = run
        self.limit = limit
        self.breaks = breaks
        self.columnsBefore = columnsBefore
        self.crossingsBefore = crossingsBefore
        talksOverFrom = fragments.map { fragment in
            interruptions.next(after: fragment.start + Self.sameMoment).map { $0 + Self.toleratedOverlap } ?? .max
        }
    }

    private func cues() -> [Cue] {
        // For each number of fragments: the least cost of cutting them into cues, and where the last of these cues begins.
        var cheapest: [(cost: Int, start: Int)] = [(0, 0)]
        for last in run.fragments.indices {
            var best = (cost: Int.max, start: last)
            for first in stride(from: last, through: max(0, last - Self.mostPieces + 1), by: -1) {
                if columns(first, last) > CueLimits.columns { break }
                if first < last, run.fragments[last].end - run.fragments[first].start > CueLimits.longest { break }
                guard let cost = cost(first, last) else { continue }
                let sum = cheapest[first].cost + cost
                if sum < best.cost { best = (sum, first) }
            }
            cheapest.append(best)
        }
        var cues: [Cue] = []
        var end = run.fragments.count
        while end > 0 {
            let first = cheapest[end].start
            cues.append(cue(first, end - 1))
            end = first
        }
        return cues.reversed()
    }

    /// Returns the width of these fragments on one line.
    private func columns(_ first: Int, _ last: Int) -> Int {
        columnsBefore[last + 1] - columnsBefore[first] - (run.fragments[first].spaced ? 1 : 0)
    }

    /// Returns the cost of these fragments as one cue; nil if they don't fit.
    private func cost(_ first: Int, _ last: Int) -> Int? {
        let columns = columns(first, last)
        var cost = Self.costOfCue + breaks[last].costOfCue + crossingsBefore[last] - crossingsBefore[first]
        if columns > CueLimits.columnsPerLine {
            guard let line = lineBreak(first, last) else { return nil }
            cost += line.cost
        }
        cost += max(0, 20 - columns) / 2
        if run.fragments[last].end > talksOverFrom[first] { cost += Self.costOfTalkingOver }

        let start = run.fragments[first].start
        let next = last + 1 < run.fragments.count ? run.fragments[last + 1].start : limit
        let time = min(max(run.fragments[last].end, next) - start, CueLimits.longest)
        if time < CueLimits.shortest { cost += Int(60 * (CueLimits.shortest - time) / CueLimits.shortest) }
        let speed = Int64(columns) * 1_000 / max(time, 1)
        if speed > CueLimits.hurriedSpeed { cost += Int(min(2 * (speed - CueLimits.hurriedSpeed), 40)) }
        return cost
    }

    /// Returns the best last fragment of the first line, and its cost; nil if the fragments don't fit on two lines.
    private func lineBreak(_ first: Int, _ last: Int) -> (fragment: Int, cost: Int)? {
        var best: (fragment: Int, cost: Int)?
        for fragment in first..<last {
            let upper = columns(first, fragment)
            if upper > CueLimits.columnsPerLine { break }
            let lower = columns(fragment + 1, last)
            if lower > CueLimits.columnsPerLine { continue }
            let cost = breaks[fragment].costOfLine + abs(upper - lower) / 3
            if best.map({ cost < $0.cost }) ?? true { best = (fragment, cost) }
        }
        return best
    }

    private func cue(_ first: Int, _ last: Int) -> Cue {
        let wide = columns(first, last) > CueLimits.columnsPerLine
        let split = wide ? lineBreak(first, last)?.fragment : nil
        return Cue(
            speaker: run.speaker, start: run.fragments[first].start, end: run.fragments[last].end,
            upper: line(first, split ?? last), lower: split.map { line($0 + 1, last) })
    }

    private func line(_ first: Int, _ last: Int) -> String {
        var line = run.fragments[first].text
        for fragment in run.fragments[(first + 1)..<(last + 1)] {
            if fragment.spaced { line.append(" ") }
            line.append(fragment.text)
        }
        return line
    }
}

/// When people begin to speak while somebody else does.
struct CueInterruptions {
    /// Milliseconds, in order.
    private let starts: [Int64]

    /// - Parameter runs: The runs of all speakers. A run never interrupts itself, and the runs of one speaker don't overlap.
    init(_ runs: [CueRun]) { starts = runs.compactMap(\.fragments.first?.start).sorted() }

    /// Returns the first time after `time` at which a run begins; nil if none does.
    func next(after time: Int64) -> Int64? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] > time { high = middle } else { low = middle + 1 }
        }
        return low < starts.count ? starts[low] : nil
    }
}

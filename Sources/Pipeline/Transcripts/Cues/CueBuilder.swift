/// Cuts a transcript into cues that read well. It finds the cuts of each run with the least total cost, by dynamic programming.
///
/// Guarantees: Every fragment appears once, in order. A cue has one speaker, no more lines and columns than ``CueLimits`` allows, and no more
/// speech than its longest duration, unless a single fragment is longer.
///
/// Costs decide the rest: a cue should end after a sentence rather than a clause, a pause or a word. It should be long enough to read
/// and not tiny. It should end where somebody else begins to speak, whose cue then takes the screen.
struct CueBuilder {
    private let run: CueRun
    private let limits: CueLimits
    /// When the next run begins, or the source ends.
    private let limit: Int64
    /// The kind of break after each fragment.
    private let breaks: [CueBreak]
    private var breaker: LineBreaker
    /// The costs of crossing all breaks before an index.
    private let crossingsBefore: [Int]
    /// For each fragment, the time from which a cue that begins with it talks over somebody else.
    private let talksOverFrom: [Int64]

    /// The maximum number of fragments in a cue. Invisible fragments have no width, but a cue of them must still end somewhere.
    private let mostPieces: Int
    /// The cost of a cue by itself, so that few cues are better than many.
    private static let costOfCue = 10
    /// The cost of continuing while somebody else speaks …
    private static let costOfTalkingOver = 80
    /// … for longer than this, in milliseconds. Shorter overlaps at the end of a speaker turn are common.
    private static let toleratedOverlap: Int64 = 1_500
    /// Somebody who begins to speak within this many milliseconds after the start of a cue doesn't interrupt it.
    private static let sameMoment: Int64 = 500

    /// Returns the cues of a transcript whose times are in order: sorted by start, without overlap.
    static func cues(of transcript: Transcript, within limits: CueLimits) -> [Cue] {
        let runs = transcript.cueRuns(within: limits)
        let interruptions = CueInterruptions(runs)
        var cues: [Cue] = []
        for (index, run) in runs.enumerated() {
            let next = index + 1 < runs.count ? runs[index + 1].fragments.first?.start : nil
            var builder = CueBuilder(
                run, limits, until: next ?? transcript.durationMilliseconds, interruptions: interruptions)
            cues += builder.cues()
        }
        // If people speak at the same time, whoever begins first is shown first.
        cues.sort { $0.start < $1.start }
        return CueTiming(cues, duration: transcript.durationMilliseconds, longest: limits.longest).settled()
    }

    private init(_ run: CueRun, _ limits: CueLimits, until limit: Int64, interruptions: CueInterruptions) {
        let fragments = run.fragments
        let breaks =
            zip(fragments, fragments.dropFirst()).map { CueBreak(between: $0, and: $1) } + [CueBreak.sentence]
        var crossingsBefore = [0]
        for place in breaks { crossingsBefore.append((crossingsBefore.last ?? 0) + place.costOfCrossing) }
        self.run = run
        self.limits = limits
        self.limit = limit
        self.breaks = breaks
        self.crossingsBefore = crossingsBefore
        mostPieces = limits.columns + 15
        breaker = LineBreaker(fragments, breaks: breaks, limits: limits, most: mostPieces)
        talksOverFrom = fragments.map { fragment in
            interruptions.next(after: fragment.start + Self.sameMoment).map { $0 + Self.toleratedOverlap } ?? .max
        }
    }

    private mutating func cues() -> [Cue] {
        // For each number of fragments: the least cost of cutting them into cues, and where the last of these cues begins.
        var cheapest: [(cost: Int, start: Int)] = [(0, 0)]
        cheapest.reserveCapacity(run.fragments.count + 1)
        // Where the last cue might begin, and what the cut would cost if its lines cost nothing.
        var starts: [(cost: Int, start: Int)] = []
        for last in run.fragments.indices {
            starts.removeAll(keepingCapacity: true)
            for first in stride(from: last, through: max(0, last - mostPieces + 1), by: -1) {
                let columns = breaker.columns(first, last)
                if columns > limits.columns { break }
                if first < last, run.fragments[last].end - run.fragments[first].start > limits.longest { break }
                starts.append((cheapest[first].cost + cost(first, last, columns: columns), first))
            }
            cheapest.append(best(of: &starts, last))
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

    /// Returns the cheapest of the starts with the costs of its lines; of equally cheap ones, the last.
    ///
    /// Lines are expensive to compute and never cost less than nothing. So the starts are tried in the order of their other costs, until
    /// those are no less than the best one's sum. That leaves two or three of up to a hundred.
    private mutating func best(of starts: inout [(cost: Int, start: Int)], _ last: Int) -> (cost: Int, start: Int) {
        var best = (cost: Int.max, start: last)
        while let next = starts.indices.min(by: { starts[$0].cost < starts[$1].cost }) {
            let (cost, start) = starts[next]
            if cost > best.cost || cost == .max { break }
            starts[next].cost = .max
            guard let lines = breaker.cost(start, last) else { continue }
            if cost + lines < best.cost || cost + lines == best.cost && start > best.start {
                best = (cost + lines, start)
            }
        }
        return best
    }

    /// Returns the cost of these fragments as one cue, without that of its lines.
    private func cost(_ first: Int, _ last: Int, columns: Int) -> Int {
        var cost = Self.costOfCue + breaks[last].costOfCue + crossingsBefore[last] - crossingsBefore[first]
        cost += max(0, 20 - columns) / 2
        if run.fragments[last].end > talksOverFrom[first] { cost += Self.costOfTalkingOver }

        let start = run.fragments[first].start
        let next = last + 1 < run.fragments.count ? run.fragments[last + 1].start : limit
        let time = min(max(run.fragments[last].end, next) - start, limits.longest)
        if time < CueLimits.shortest { cost += Int(60 * (CueLimits.shortest - time) / CueLimits.shortest) }
        let speed = Int64(columns) * 1_000 / max(time, 1)
        if speed > CueLimits.hurriedSpeed { cost += Int(min(2 * (speed - CueLimits.hurriedSpeed), 40)) }
        return cost
    }

    private mutating func cue(_ first: Int, _ last: Int) -> Cue {
        let lines = breaker.lines(first, last)
        let widths = lines.map { breaker.columns($0.startIndex, $0.endIndex - 1) }
        return Cue(
            speaker: run.speaker, start: run.fragments[first].start, end: run.fragments[last].end, lines: lines,
            columns: widths.reduce(widths.count - 1, +))
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

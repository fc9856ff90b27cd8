/// When something was said, as a recognizer reported it; and the correction of such times for words whose order is known.
///
/// Recognizers report words in the order in which they were said, but now and then with an absurd time: too late, too early, backwards. So
/// the order is trusted more than the times. As few times as possible are rejected so that all others are in order. Each rejected time
/// is replaced by one between its neighbors, and no other word moves.
package struct SpokenTime: Sendable {
    enum Kind { case word, segmentStart, segmentEnd }

    /// In milliseconds, as reported: also negative or later than the audio's end. Nil if not reported.
    let start: Int64?
    let end: Int64?
    let kind: Kind
    /// Expected duration in milliseconds if nothing better is known: for a word, 60 ms per byte of its text.
    let usual: Int64

    /// Creates the time of a word.
    ///
    /// - Parameter bytes: Length of the word's text in UTF-8.
    package init(start: Int64?, end: Int64?, bytes: Int) {
        self.init(start: start, end: end, kind: .word, usual: max(150, Int64(min(bytes, 500)) * 60))
    }

    /// Returns the start or end of a segment; nil if not known. It is trusted more than the time of a single word.
    static func border(_ kind: Kind, _ time: Int64?) -> SpokenTime {
        SpokenTime(start: time, end: time, kind: kind, usual: 0)
    }

    private init(start: Int64?, end: Int64?, kind: Kind, usual: Int64) {
        self.start = start
        self.end = end
        self.kind = kind
        self.usual = usual
    }
}

extension SpokenTime {
    /// Returns corrected times: never decreasing, without overlap, all within `bounds`. Starts that are in order don't change; ends may.
    package static func mended(_ reported: [SpokenTime], within bounds: ClosedRange<Int64>) -> [(
        start: Int64, end: Int64
    )] {
        var times = reported.map { time -> (start: Int64, end: Int64) in
            let start = (time.start ?? bounds.lowerBound).clamped(to: bounds)
            return (start, (time.end ?? start).clamped(to: bounds))
        }
        let isBelieved = believed(reported, times.map(\.start), within: bounds)
        var index = 0
        while index < reported.count {
            guard !isBelieved[index] else {
                // An end before the start counts as missing.
                if reported[index].hasNoEnd {
                    times[index].end = min(bounds.upperBound, times[index].start + reported[index].usual)
                }
                index += 1
                continue
            }
            let next = isBelieved[index...].firstIndex(of: true) ?? reported.count
            mend(index..<next, of: reported, in: &times, within: bounds)
            index = next
        }
        // A word may end after the reported end of its segment, but not after the start of the next word.
        var latest = bounds.upperBound
        for index in times.indices.reversed() {
            if reported[index].kind == .segmentStart, !isBelieved[index], index + 1 < times.count {
                // The segment starts with its first word.
                times[index].start = times[index + 1].start
            }
            times[index].end = min(max(times[index].end, times[index].start), latest)
            if reported[index].kind != .segmentEnd { latest = times[index].start }
        }
        return times
    }

    private var hasNoEnd: Bool {
        guard let end else { return true }
        return start.map { end < $0 } ?? false
    }

    /// Returns how much a start counts. A start that is out of bounds, or implausible given its own end, counts less.
    private static func credit(of reported: SpokenTime, within bounds: ClosedRange<Int64>) -> Int {
        guard reported.kind == .word, let start = reported.start else { return 5 }
        var credit = 4
        if !bounds.contains(start) { credit -= 2 }
        let length = (reported.end ?? start).clamped(to: bounds) - start.clamped(to: bounds)
        if reported.hasNoEnd || length > max(3_000, 5 * reported.usual) { credit -= 1 }
        return credit
    }

    /// Returns for each start whether to trust it: those that are in order and together count the most.
    private static func believed(
        _ reported: [SpokenTime], _ starts: [Int64], within bounds: ClosedRange<Int64>
    ) -> [Bool] {
        var isBelieved = reported.map { $0.start != nil }
        let known = reported.indices.filter { isBelieved[$0] }
        if zip(known, known.dropFirst()).allSatisfy({ starts[$0] <= starts[$1] }) { return isBelieved }
        let order = Set(known.map { starts[$0] }).sorted()
        var places: [Int64: Int] = [:]
        for (place, start) in order.enumerated() { places[start] = place + 1 }
        // A Fenwick tree of maxima: the best chain that ends at or before a place.
        var best = [(credit: Int, last: Int)](repeating: (0, -1), count: order.count + 1)
        var before = [Int](repeating: -1, count: reported.count)
        var whole = (credit: 0, last: -1)
        for index in known {
            guard let place = places[starts[index]] else { continue }
            var chain = (credit: 0, last: -1)
            var step = place
            while step > 0 {
                if best[step].credit > chain.credit { chain = best[step] }
                step &= step - 1
            }
            before[index] = chain.last
            chain = (chain.credit + credit(of: reported[index], within: bounds), index)
            if chain.credit > whole.credit { whole = chain }
            step = place
            while step < best.count {
                if chain.credit > best[step].credit { best[step] = chain }
                step += step & -step
            }
        }
        for index in known { isBelieved[index] = false }
        var last = whole.last
        while last >= 0 {
            isBelieved[last] = true
            last = before[last]
        }
        settleTies(reported, starts, within: bounds, in: &isBelieved)
        return isBelieved
    }

    /// If two neighboring words contradict only each other and count the same, trusts the one that leaves both more room.
    private static func settleTies(
        _ reported: [SpokenTime], _ starts: [Int64], within bounds: ClosedRange<Int64>, in isBelieved: inout [Bool]
    ) {
        // For each word, the next trusted start.
        var following = [Int64](repeating: bounds.upperBound, count: reported.count)
        for index in reported.indices.dropLast().reversed() {
            following[index] = isBelieved[index + 1] ? starts[index + 1] : following[index + 1]
        }
        // The end of the last trusted word before the previous word: its start plus its usual duration.
        var earliest = bounds.lowerBound
        for index in reported.indices.dropFirst() {
            let before = index - 1
            let (own, other) = (reported[index], reported[before])
            if !isBelieved[index], isBelieved[before], own.kind == .word, other.kind == .word, own.start != nil,
                credit(of: own, within: bounds) >= credit(of: other, within: bounds), starts[index] >= earliest,
                starts[index] <= following[index]
            {
                let room = min(
                    starts[before] - earliest, following[index] - starts[before] - other.usual - own.usual)
                let otherwise = min(
                    starts[index] - earliest - other.usual, following[index] - starts[index] - own.usual)
                if otherwise > room { (isBelieved[before], isBelieved[index]) = (false, true) }
            }
            if isBelieved[before] { earliest = starts[before] + other.usual }
        }
    }

    /// Places a run of rejected times between the words around it, as near to the reported times as possible.
    private static func mend(
        _ run: Range<Int>, of reported: [SpokenTime], in times: inout [(start: Int64, end: Int64)],
        within bounds: ClosedRange<Int64>
    ) {
        let until = run.upperBound < reported.count ? times[run.upperBound].start : bounds.upperBound
        let previous = run.lowerBound > 0 ? times[run.lowerBound - 1] : nil
        let wanted = run.reduce(Int64(0)) { $0 + reported[$1].usual }
        var from = min(previous?.end ?? bounds.lowerBound, until)
        if let previous, until - from < wanted {
            // The previous word gives up to half of its time.
            from = min(from, max(until - wanted, previous.start + (until - previous.start) / 2))
        }
        let room = min(until - from, wanted)
        // A single word keeps its end if that is possible. Otherwise the words go next to the neighbor that is nearer to their reported times.
        let end = run.count == 1 ? reported[run.lowerBound].end.flatMap { $0 > from && $0 <= until ? $0 : nil } : nil
        let isAfterWord = run.lowerBound > 0 && reported[run.lowerBound - 1].kind == .word
        let isBeforeWord = run.upperBound < reported.count && reported[run.upperBound].kind == .word
        let isLate = run.allSatisfy { index in reported[index].start.map { $0 > until } ?? false }
        let isLast = isBeforeWord && (isLate || !isAfterWord)
        var start = end.map { max(from, $0 - room) } ?? (isLast ? until - room : from)
        let first = start
        let length = (end ?? start + room) - start
        var before: Int64 = 0
        for index in run {
            before += reported[index].usual
            let end = first + length * before / max(1, wanted)
            times[index] = (start, end)
            start = end
        }
        if run.lowerBound > 0 { times[run.lowerBound - 1].end = min(times[run.lowerBound - 1].end, first) }
    }
}

extension Int64 {
    fileprivate func clamped(to bounds: ClosedRange<Int64>) -> Int64 {
        Swift.min(Swift.max(self, bounds.lowerBound), bounds.upperBound)
    }
}

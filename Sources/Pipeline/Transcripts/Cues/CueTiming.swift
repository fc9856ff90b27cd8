/// Decides when cues appear and disappear. All times are in milliseconds.
///
/// `settled()` guarantees: Starts increase. Every cue ends after its start and no later than the next one starts. None is longer than
/// allowed or extends beyond the duration. (The exception is a source with more cues than milliseconds, because a subtitle without
/// duration would be invalid.)
///
/// If its neighbors leave room, a cue gets at least a second and enough time to be read, and there is no gap so short that it flickers. If
/// people speak at the same time, their cues come one after the other, some of them a little late.
struct CueTiming {
    private var cues: [Cue]
    private var duration: Int64
    private let longest: Int64

    /// How long before or after its words a short cue may be shown to get its second.
    private static let give: Int64 = 500
    /// A gap shorter than this would only flicker, so the cue stays until the next one.
    private static let flicker: Int64 = 400
    /// How late a cue may come so that the one before it, spoken at the same time, can be read.
    private static let maximumLag: Int64 = 2_000

    /// - Parameters:
    ///   - cues: Sorted by start.
    ///   - longest: The maximum duration of a cue.
    init(_ cues: [Cue], duration: Int64, longest: Int64) {
        self.cues = cues
        self.longest = longest
        self.duration = duration
    }

    consuming func settled() -> [Cue] {
        queueOverlaps()
        separateStarts()
        for index in cues.indices {
            cues[index].end = min(max(cues[index].end, cues[index].start + 1), latestEnd(of: index))
        }
        for index in cues.indices { lengthen(index) }
        for index in cues.indices {
            let reading = Int64(cues[index].columns) * 1_000 / CueLimits.comfortableSpeed
            var wished = max(cues[index].end, cues[index].start + reading)
            if index + 1 < cues.count, cues[index + 1].start - wished < Self.flicker { wished = cues[index + 1].start }
            cues[index].end = min(wished, latestEnd(of: index))
        }
        return cues
    }

    private func nextStart(after index: Int) -> Int64 {
        index + 1 < cues.count ? cues[index + 1].start : duration
    }

    private func latestEnd(of index: Int) -> Int64 {
        min(nextStart(after: index), cues[index].start + longest)
    }

    /// Delays a cue that begins before the previous one has been read, but not beyond the end of the previous one's speech, and at most by
    /// `maximumLag`. Its end moves with it, so that it can be read, too.
    private mutating func queueOverlaps() {
        for index in cues.indices.dropFirst() {
            let before = cues[index - 1]
            let start = cues[index].start
            guard start < before.end else { continue }
            let reading = max(CueLimits.shortest, Int64(before.columns) * 1_000 / CueLimits.comfortableSpeed)
            // The order of starts stays the same, because every start is delayed by at most the same time.
            let free = min(before.start + min(reading, before.end - before.start), start + Self.maximumLag)
            guard free > start else { continue }
            cues[index].start = free
            cues[index].end += free - start
        }
    }

    /// Separates starts that coincide: moves them earlier, from the last cue to the first, then later where they have reached zero.
    private mutating func separateStarts() {
        for index in cues.indices.reversed() {
            cues[index].start = max(0, min(cues[index].start, nextStart(after: index) - 1))
        }
        for index in cues.indices.dropFirst() {
            cues[index].start = max(cues[index].start, cues[index - 1].start + 1)
        }
        if let last = cues.last { duration = max(duration, last.start + 1) }
    }

    /// Lengthens a cue that is shorter than a second: into the silence after it, into the silence before it, and then by what its
    /// neighbors can spare.
    private mutating func lengthen(_ index: Int) {
        cues[index].end = min(max(cues[index].end, cues[index].start + CueLimits.shortest), latestEnd(of: index))
        let before = index > 0 ? cues[index - 1].end : 0
        let silence = min(lack(of: index), Self.give, cues[index].start - before)
        cues[index].start -= max(0, silence)

        if index + 1 < cues.count, cues[index].end == cues[index + 1].start {
            let room = latestEnd(of: index + 1) - cues[index + 1].start
            let spare = min(lack(of: index), Self.give, room - CueLimits.shortest)
            if spare > 0 {
                cues[index + 1].start += spare
                cues[index + 1].end = max(cues[index + 1].end, cues[index + 1].start + 1)
                cues[index].end += spare
            }
        }
        if index > 0, cues[index - 1].end == cues[index].start {
            let spare = min(
                lack(of: index), Self.give, cues[index - 1].end - cues[index - 1].start - CueLimits.shortest)
            if spare > 0 {
                cues[index - 1].end -= spare
                cues[index].start -= spare
            }
        }
    }

    private func lack(of index: Int) -> Int64 {
        max(0, CueLimits.shortest - (cues[index].end - cues[index].start))
    }
}

// All formats promise that times never decrease and never exceed the duration.
//
// Recognizers break this promise at the borders of chunks, at the end of the file and in music. Wrong times are corrected, never dropped,
// and words keep the order in which they were recognized.

extension Transcript {
    /// Milliseconds: longer than any source, and small enough that arithmetic on times cannot overflow.
    private static let longestDuration: Int64 = 100_000 * 3_600_000

    /// Returns the same words with times that keep the promise:
    ///
    /// - All times are from 0 to the duration.
    /// - Segments are sorted by start, and each contains its words.
    /// - The words of one speaker stay in order, and each ends before the next begins.
    ///
    /// Segments and speaker turns of different speakers may overlap. A transcript that keeps the promise doesn't change. A time that is out
    /// of order is replaced by one between its neighbors (``SpokenTime``); the others stay as they are.
    package func ordered() -> Transcript { orderedWithPlaces().transcript }

    /// Returns the transcript of ``ordered()``, and which place each of its segments has in this one.
    func orderedWithPlaces() -> (transcript: Transcript, places: [Int]) {
        var result = self
        let duration = min(max(durationMilliseconds, 0), Self.longestDuration)
        result.durationMilliseconds = duration
        for places in Dictionary(grouping: segments.indices, by: { segments[$0].speaker }).values {
            result.segments.mendTimes(of: places, within: duration)
        }
        let places = result.segments.sortKeepingSpeakers()
        result.voices = voices?.map { $0.within(duration) }.sorted { $0.start < $1.start }
        result.removed = removed?.map { $0.within(duration) }.sorted { $0.start < $1.start }
        return (result, places)
    }
}

extension [Transcript.Segment] {
    /// Sorts by start, but keeps the order of one speaker's segments. Returns which places they had.
    @discardableResult
    mutating func sortKeepingSpeakers() -> [Int] {
        if zip(self, dropFirst()).allSatisfy({ $0.start <= $1.start }) { return Array<Int>(indices) }
        var latest: [String?: Int64] = [:]
        let keys = map { segment in
            let key = Swift.max(latest[segment.speaker] ?? segment.start, segment.start)
            latest[segment.speaker] = key
            return key
        }
        // Swift's sort is stable, so equal keys keep their order.
        let places = indices.sorted { keys[$0] < keys[$1] }
        self = places.map { self[$0] }
        return places
    }

    /// Puts the times of one speaker's segments and words in order.
    fileprivate mutating func mendTimes(of places: [Int], within duration: Int64) {
        var reported: [SpokenTime] = []
        for (index, place) in places.enumerated() {
            let segment = self[place]
            // If it equals the first word's start, the segment's start is not further evidence.
            reported.append(.border(.segmentStart, segment.words.first?.start == segment.start ? nil : segment.start))
            reported += segment.words.map { SpokenTime(start: $0.start, end: $0.end, bytes: $0.text.utf8.count) }
            let next = index + 1 < places.count ? self[places[index + 1]].earliest : nil
            reported.append(.border(.segmentEnd, segment.latest(before: next)))
        }
        var times = SpokenTime.mended(reported, within: 0...duration)[...]
        for place in places {
            let words = times.dropFirst().prefix(self[place].words.count)
            self[place].take(start: times.first?.start ?? 0, words: words, within: duration)
            times = times.dropFirst(words.count + 2)
        }
    }

}

extension Transcript.Segment {
    /// The last word may start up to this many milliseconds after its segment's end.
    private static let slack: Int64 = 1_000

    fileprivate var earliest: Int64 { words.reduce(start) { min($0, $1.start) } }

    /// Returns the latest time at which its words can start; nil if the segment's end doesn't say, because it is before the words or after
    /// the start of the next segment.
    fileprivate func latest(before next: Int64?) -> Int64? {
        // One of the starts may be wrong.
        let last = words.map(\.start).sorted().dropLast().last ?? start
        guard end >= start, end >= last, end <= next ?? end else { return nil }
        return min(end.plus(Self.slack), next ?? .max)
    }
}

extension Transcript.SpeakerTurn {
    fileprivate func within(_ duration: Int64) -> Self {
        let start = min(max(start, 0), duration)
        return Self(speaker: speaker, start: start, end: min(max(end, start), duration))
    }
}

extension Transcript.Removed {
    fileprivate func within(_ duration: Int64) -> Self {
        var result = self
        result.start = min(max(start, 0), duration)
        result.end = min(max(end, result.start), duration)
        return result
    }
}

extension Transcript.Segment {
    fileprivate mutating func take(
        start time: Int64, words times: ArraySlice<(start: Int64, end: Int64)>, within duration: Int64
    ) {
        var isMended = false
        for (index, time) in zip(words.indices, times) {
            isMended = isMended || words[index].start != time.start
            (words[index].start, words[index].end) = time
        }
        start = time
        // If a word's start was corrected, the segment's end may come from a wrong time, too.
        let own = isMended ? min(end, words.last?.end ?? end) : end
        end = max(min(max(own, start), duration), words.last?.end ?? start)
    }
}

extension Int64 {
    /// Returns the sum, or the largest number if it overflows.
    fileprivate func plus(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? .max : sum
    }
}

// The promise about times that every format makes: they never decrease and never pass the duration.
//
// Recognisers break it at seams, at the end of the file and in music. What is wrong is clamped, never dropped.

extension Transcript {
    /// Longer than any source, and small enough that arithmetic on times cannot overflow.
    private static let longestDuration: Int64 = 100_000 * 3_600_000

    /// The same words with times that hold the promise: all lie within 0 and the duration; segments start in
    /// order; within a segment words start in order and end before the next begins; a segment contains its words.
    /// Segments and turns of different speakers may overlap. A transcript that holds the promise comes back unchanged.
    package func ordered() -> Transcript {
        var result = self
        let duration = min(max(durationMilliseconds, 0), Self.longestDuration)
        result.durationMilliseconds = duration
        for index in result.segments.indices { result.segments[index].order(within: duration) }
        // Swift's sort is stable, so equal starts keep their order.
        if !zip(result.segments, result.segments.dropFirst()).allSatisfy({ $0.start <= $1.start }) {
            result.segments.sort { $0.start < $1.start }
        }
        result.voices = voices?.map { $0.within(duration) }.sorted { $0.start < $1.start }
        return result
    }
}

extension Transcript.Turn {
    fileprivate func within(_ duration: Int64) -> Self {
        let start = min(max(start, 0), duration)
        return Self(speaker: speaker, start: start, end: min(max(end, start), duration))
    }
}

extension Transcript.Segment {
    fileprivate mutating func order(within duration: Int64) {
        start = min(max(start, 0), duration)
        end = min(max(end, start), duration)
        var previous: Int?
        for index in words.indices {
            let earliest = previous.map { words[$0].start } ?? start
            words[index].start = min(max(words[index].start, earliest), duration)
            words[index].end = min(max(words[index].end, words[index].start), duration)
            if let previous { words[previous].end = min(words[previous].end, words[index].start) }
            previous = index
        }
        if let last = words.last { end = max(end, last.end) }
    }
}

/// Who speaks when, as the diarization tells it, and whose the words are that were heard.
package struct SpeakerTimeline: Sendable {
    /// Somebody speaks. Milliseconds from the start of the source.
    package struct Turn: Sendable {
        package let start: Int64
        package let end: Int64
        /// Any number.
        package let speaker: Int

        /// - Parameter seconds: start and end; anything else is no turn.
        package init?(seconds: [Double], offset: Int64, speaker: Int) {
            guard seconds.count == 2, seconds.allSatisfy({ $0.isFinite && abs($0) < 1e6 }), seconds[0] < seconds[1]
            else {
                return nil
            }
            start = offset + Int64((seconds[0] * 1000).rounded())
            end = offset + Int64((seconds[1] * 1000).rounded())
            self.speaker = speaker
        }
    }

    /// By start.
    let turns: [Turn]
    /// The turn that ends last among those up to each.
    private let latest: [Int]

    package init(turns: [Turn]) {
        self.turns = turns.filter { $0.end > 0 }.sorted { $0.start < $1.start }
        var latest: [Int] = []
        for (index, turn) in self.turns.enumerated() {
            if let last = latest.last, self.turns[last].end >= turn.end {
                latest.append(last)
            } else {
                latest.append(index)
            }
        }
        self.latest = latest
    }

    var isEmpty: Bool { turns.isEmpty }

    /// The speaker whose turns overlap the most with that time, and the share of it that they cover; without any, the speaker of the
    /// nearest turn, and 0. Nil when nobody ever speaks.
    package func speaker(from start: Int64, to end: Int64) -> (speaker: Int, share: Double)? {
        let end = max(end, start + 1)
        let next = turns.partitioningIndex { $0.start >= end }
        var overlaps: [Int: Int64] = [:]
        var index = next - 1
        while index >= 0, turns[latest[index]].end > start {
            let overlap = min(end, turns[index].end) - max(start, turns[index].start)
            if overlap > 0 { overlaps[turns[index].speaker, default: 0] += overlap }
            index -= 1
        }
        if let most = overlaps.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
            return (most.key, min(1, Double(most.value) / Double(end - start)))
        }
        let before = next > 0 ? turns[latest[next - 1]] : nil
        let after = next < turns.count ? turns[next] : nil
        guard let before, let after else { return (before ?? after).map { ($0.speaker, 0) } }
        return (start - before.end <= after.start - end ? before.speaker : after.speaker, 0)
    }
}

extension Array {
    /// The first position at which `isAfter` holds, when it holds for all that follow.
    fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

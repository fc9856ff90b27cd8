/// Who speaks when, as the diarization found it. It assigns the recognized words to speakers.
package struct SpeakerTimeline: Sendable {
    /// One speaker speaks, in milliseconds from the start of the source.
    package struct SpeakerTurn: Sendable {
        package let start: Int64
        package let end: Int64
        /// An arbitrary number.
        package let speaker: Int

        /// Returns nil unless `seconds` is a start and a later end.
        ///
        /// - Parameters:
        ///   - seconds: Start and end, in seconds from the start of the section.
        ///   - offset: Where the section starts, in milliseconds.
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

    /// Sorted by start.
    private let turns: [SpeakerTurn]
    /// For each turn, the index of the turn that ends last among those up to it.
    private let latest: [Int]

    package init(turns: [SpeakerTurn]) {
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

    /// Returns the speaker whose turns overlap a time the most, and the share of it that they cover. Without overlap, returns the speaker of
    /// the nearest turn and 0; without any turns, nil.
    ///
    /// - Parameters:
    ///   - start: Milliseconds.
    ///   - end: Milliseconds.
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
    /// Returns the first index at which `isAfter` is true. It must then be true for all later elements.
    fileprivate func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

// From turns to words: each word has one speaker, and a segment ends where the speaker changes.

extension SpeakerTimeline {
    /// The speakers of a transcript.
    package struct Assignment: Sendable {
        /// Sorted by start, each with one speaker.
        package let segments: [Transcript.Segment]
        /// `speaker_0`, `speaker_1`, … in order of first speech, with words or without.
        package let speakers: [String]
        /// Who speaks when, sorted by start.
        package let voices: [Transcript.SpeakerTurn]
    }

    /// Returns the segments with their speakers, split where the speaker changes within a segment.
    ///
    /// - Parameter duration: Of the source, in milliseconds. Turns are cut off there.
    package func assigned(to segments: [Transcript.Segment], within duration: Int64) -> Assignment {
        var names: [Int: String] = [:]
        var speakers: [String] = []
        var voices: [Transcript.SpeakerTurn] = []
        for turn in turns {
            let (start, end) = (max(0, turn.start), min(turn.end, duration))
            guard start < end else { continue }
            let name = names[turn.speaker] ?? "speaker_\(names.count)"
            if names.updateValue(name, forKey: turn.speaker) == nil { speakers.append(name) }
            voices.append(Transcript.SpeakerTurn(speaker: name, start: start, end: end))
        }
        var spoken = segments.flatMap(split).map { run in
            var segment = run.segment
            segment.speaker = run.speaker.flatMap { names[$0] }
            return segment
        }
        spoken.sortKeepingSpeakers()
        return Assignment(segments: spoken, speakers: speakers, voices: Self.joined(voices))
    }

    /// Joins turns of one speaker that touch or overlap.
    private static func joined(_ voices: [Transcript.SpeakerTurn]) -> [Transcript.SpeakerTurn] {
        var joined: [Transcript.SpeakerTurn] = []
        var last: [String: Int] = [:]
        for turn in voices {
            if let index = last[turn.speaker], turn.start <= joined[index].end {
                joined[index].end = max(joined[index].end, turn.end)
            } else {
                last[turn.speaker] = joined.count
                joined.append(turn)
            }
        }
        return joined
    }

    /// Splits a segment by speakers. No word is ever lost, whatever is known about its speaker.
    private func split(_ segment: Transcript.Segment) -> [(segment: Transcript.Segment, speaker: Int?)] {
        let voices = segment.words.compactMap { speaker(from: $0.start, to: $0.end) }
        guard !voices.isEmpty, voices.count == segment.words.count else {
            let voice = speaker(from: segment.start, to: segment.end)
            var whole = segment
            whole.speakerConfidence = voice?.share
            return [(whole, voice?.speaker)]
        }
        var runs: [(segment: Transcript.Segment, speaker: Int?)] = []
        var first = 0
        for index in segment.words.indices {
            let isLast = index + 1 == segment.words.count
            if !isLast, voices[index + 1].speaker == voices[first].speaker { continue }
            if var part = segment.with(words: Array(segment.words[first...index])) {
                part.speakerConfidence = voices[first...index].reduce(0) { $0 + $1.share } / Double(index + 1 - first)
                runs.append((part, voices[first].speaker))
            }
            first = index + 1
        }
        return runs
    }
}

// From turns to words: each word has one speaker, and a segment ends where the speaker changes.

extension SpeakerTimeline {
    /// What a transcript says of its speakers.
    package struct Assignment: Sendable {
        /// By start; each with one speaker.
        package let segments: [Transcript.Segment]
        /// `speaker_0`, `speaker_1`, … in the order in which they are first heard, with words or without.
        package let speakers: [String]
        /// Who speaks when, by start.
        package let voices: [Transcript.Turn]
    }

    /// The segments with their speakers, split where the speaker changes in their midst.
    ///
    /// - Parameter duration: of the source, in milliseconds; nobody speaks beyond it.
    package func assigned(to segments: [Transcript.Segment], within duration: Int64) -> Assignment {
        var names: [Int: String] = [:]
        var speakers: [String] = []
        var voices: [Transcript.Turn] = []
        for turn in turns {
            let (start, end) = (max(0, turn.start), min(turn.end, duration))
            guard start < end else { continue }
            let name = names[turn.speaker] ?? "speaker_\(names.count)"
            if names.updateValue(name, forKey: turn.speaker) == nil { speakers.append(name) }
            voices.append(Transcript.Turn(speaker: name, start: start, end: end))
        }
        var spoken = segments.flatMap(split).map { run in
            var segment = run.segment
            segment.speaker = run.speaker.flatMap { names[$0] }
            return segment
        }
        spoken.sortKeepingSpeakers()
        return Assignment(segments: spoken, speakers: speakers, voices: Self.joined(voices))
    }

    /// Turns of one speaker that meet are one.
    private static func joined(_ voices: [Transcript.Turn]) -> [Transcript.Turn] {
        var joined: [Transcript.Turn] = []
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

    /// The segment, by speakers. No word is ever lost, whatever is known of its speaker.
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

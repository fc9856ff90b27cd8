import Foundation

/// The chunks of one source on their way to a transcript: each channel's words in order, on the source's clock.
package struct Assembly: Sendable {
    private let facts: AssemblyFacts
    private let recognitions: [Recognition]
    /// Left and right, or all in one.
    private let channels: [(channel: SourceChannel, heard: [LeveledSegment])]
    /// What the engines gave and nobody said, in all channels, on the source's clock.
    private let removed: [Transcript.Removed]

    /// - Throws: when what was kept cannot be read.
    package init(facts: AssemblyFacts, chunks: [RecognizedChunk]) throws {
        self.facts = facts
        let results = try chunks.map { chunk in
            try chunk.result.map { try JSONDecoder().decode(StoredRecognition.self, from: Data($0)) }
        }
        recognitions = results.compactMap { $0?.recognition }
        let fell = recognitions.map { $0.fallback != nil }
        let partly = fell.contains(true) && fell.contains(false)
        var channels: [(channel: SourceChannel, heard: [LeveledSegment])] = []
        var removed: [Transcript.Removed] = []
        for (chunk, result) in zip(chunks, results) {
            if channels.last?.channel != chunk.channel { channels.append((chunk.channel, [])) }
            guard let result else { continue }
            var heard = result.heard(from: Samples.milliseconds(chunk.audioStart), namingEngine: partly)
            if chunk.audioStart < chunk.samples.lowerBound {
                let seam = ChunkOverlap(at: Samples.milliseconds(chunk.samples.lowerBound))
                (channels[channels.count - 1].heard, heard) = seam.join(channels[channels.count - 1].heard, heard)
            }
            channels[channels.count - 1].heard += heard
            removed += result.removed(from: Samples.milliseconds(chunk.audioStart)).filter {
                // Both sides of a seam hear what is near it: each answers for its own part.
                let middle = Samples.from(milliseconds: ($0.start + $0.end) / 2)
                return chunk.samples.contains(min(middle, facts.samples - 1))
            }
        }
        self.channels = channels
        self.removed = removed
    }

    /// - Parameter timeline: who speaks when; empty where channels tell, or nobody asked.
    package func transcript(of job: JobID, spokenBy timeline: SpeakerTimeline) -> Transcript {
        let fallen = recognitions.filter { $0.fallback != nil }
        let heardBy = fallen.first ?? recognitions.first
        var transcript = Transcript(
            jobID: job.rawValue, language: facts.language, languageConfidence: facts.languageConfidence,
            durationMilliseconds: Samples.milliseconds(facts.samples), engine: heardBy?.engine ?? facts.engine,
            fallback: fallen.first?.fallback.map {
                Transcript.Fallback(from: $0.from, reason: $0.reason.rawValue, chunks: fallen.count)
            }, model: heardBy?.model ?? facts.engine, diarization: facts.diarization,
            segments: channels.flatMap { $0.heard.map(\.segment) })
        var removed = removed
        removed += tellSpeakers(of: &transcript, timeline)
        transcript.removed = removed.isEmpty ? nil : removed
        return transcript.ordered()
    }

    /// Returns what is left out for it.
    private func tellSpeakers(of transcript: inout Transcript, _ timeline: SpeakerTimeline) -> [Transcript.Removed] {
        var removed: [Transcript.Removed] = []
        if facts.diarization == "channels" {
            (transcript.segments, transcript.speakers, removed) = ChannelSpeakers.assigned(
                left: channels.first { $0.channel == .left }?.heard ?? [],
                right: channels.first { $0.channel == .right }?.heard ?? [])
        } else if !timeline.isEmpty {
            let assigned = timeline.assigned(to: transcript.segments, within: transcript.durationMilliseconds)
            (transcript.segments, transcript.speakers) = (assigned.segments, assigned.speakers)
            transcript.voices = assigned.voices
        } else if facts.diarization != "none", !transcript.segments.isEmpty {
            // Too little was heard to know a voice by: then it is one.
            transcript.speakers = ["speaker_0"]
            transcript.voices = []
            for index in transcript.segments.indices {
                transcript.segments[index].speaker = "speaker_0"
                transcript.segments[index].speakerConfidence = 0
            }
        }
        return removed
    }
}

extension StoredRecognition {
    /// The segments on the source's clock, for audio that begins `offset` milliseconds into it.
    fileprivate func heard(from offset: Int64, namingEngine: Bool) -> [LeveledSegment] {
        recognition.segments.enumerated().map { index, segment in
            var moved = segment.moved(by: offset)
            if namingEngine { moved.engine = recognition.engine }
            let level = levels.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            return LeveledSegment(segment: moved, level: level ?? 0)
        }
    }
}

extension StoredRecognition {
    /// What was left out, on the source's clock.
    fileprivate func removed(from offset: Int64) -> [Transcript.Removed] {
        (recognition.removed ?? []).map { removed in
            var moved = removed
            moved.shift(by: offset)
            return moved
        }
    }
}

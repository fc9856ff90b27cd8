import Foundation

/// Makes a transcript from the chunks of a recording: the words of each channel in order, with times from the start of the recording.
package struct Assembly: Sendable {
    private let facts: AssemblyFacts
    private let recognitions: [Recognition]
    /// Left and right, or one mixed channel.
    private let channels: [(channel: SourceChannel, heard: [LeveledSegment])]
    /// Hallucinations that were removed, in all channels, with times from the start of the recording.
    private let removed: [Transcript.Removed]

    /// - Throws: if a stored result cannot be decoded.
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
            var heard = result.heard(
                from: Samples.milliseconds(chunk.audioStart), in: chunk.language, namingEngine: partly)
            if chunk.audioStart < chunk.samples.lowerBound {
                let seam = ChunkOverlap(at: Samples.milliseconds(chunk.samples.lowerBound))
                (channels[channels.count - 1].heard, heard) = seam.join(channels[channels.count - 1].heard, heard)
            }
            channels[channels.count - 1].heard += heard
            removed += result.removed(from: Samples.milliseconds(chunk.audioStart)).filter {
                // Both chunks have what is near a seam. Each counts only what is in its own part.
                let middle = Samples.from(milliseconds: ($0.start + $0.end) / 2)
                return chunk.samples.contains(min(middle, facts.samples - 1))
            }
        }
        self.channels = channels
        self.removed = removed
    }

    /// Returns the transcript.
    ///
    /// - Parameter timeline: who speaks when; empty if channels are the speakers or if diarization is off.
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
        return transcript.ordered().worded(by: facts.words)
    }

    /// Assigns speakers to the segments. Returns the words that it removes for that.
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
            // There is too little speech to distinguish voices, so there is one speaker.
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
    /// Returns the segments with times from the start of the recording. The audio begins `offset` milliseconds after that.
    fileprivate func heard(from offset: Int64, in language: String?, namingEngine: Bool) -> [LeveledSegment] {
        recognition.segments.enumerated().map { index, segment in
            var moved = segment.moved(by: offset)
            if namingEngine { moved.engine = recognition.engine }
            moved.language = language
            let level = levels.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            return LeveledSegment(segment: moved, level: level ?? 0)
        }
    }
}

extension StoredRecognition {
    /// Returns what was removed, with times from the start of the recording.
    fileprivate func removed(from offset: Int64) -> [Transcript.Removed] {
        (recognition.removed ?? []).map { removed in
            var moved = removed
            moved.shift(by: offset)
            return moved
        }
    }
}

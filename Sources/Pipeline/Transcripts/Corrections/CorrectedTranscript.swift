import Foundation

/// One correction of a transcript.
package struct TranscriptEdit: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        /// Other words.
        case text(String)
        /// Another speaker: one that the transcript has, or the next new one.
        case speaker(String)
    }

    /// The segment's place in the transcript as it was read, from 0.
    package let segment: Int
    package let change: Change

    package init(segment: Int, change: Change) {
        self.segment = segment
        self.change = change
    }

    /// Why an edit is impossible. Nothing is changed then.
    package enum Refusal: Error, Equatable {
        /// The edit at this place names a segment that the transcript doesn't have.
        case noSegment(edit: Int)
        /// The edit at this place names a speaker that the transcript doesn't have.
        case noSpeaker(edit: Int)
    }
}

/// A transcript with its corrections. The original never changes.
package struct CorrectedTranscript: Sendable {
    package let original: Transcript
    /// The latest versions of corrected segments, by their place in the stored original.
    private var corrections: [Int: Transcript.Segment]

    init(original: Transcript, corrections: [Int: Transcript.Segment]) {
        self.original = original
        self.corrections = corrections
    }

    /// The transcript as corrected.
    package var latest: Transcript {
        guard !corrections.isEmpty else { return original }
        var latest = original
        for (place, segment) in corrections where latest.segments.indices.contains(place) {
            latest.segments[place] = segment
        }
        // Whoever spoke and does no more is not listed, unless a model has heard the voice.
        let silenced = original.heardSpeakers.subtracting(latest.heardSpeakers)
            .subtracting(original.voices?.map(\.speaker) ?? [])
        latest.speakers = original.speakers.filter { !silenced.contains($0) } + latest.newSpeakers
        return latest
    }

    /// Returns what `edits` change. Throws ``TranscriptEdit/Refusal``.
    ///
    /// The edits name places in ``latest`` as it is rendered, and are applied one after the other.
    package func applying(_ edits: [TranscriptEdit]) throws(TranscriptEdit.Refusal) -> Change {
        let latest = latest
        let (seen, places) = latest.orderedWithPlaces()
        let (recognized, originalPlaces) = original.orderedWithPlaces()
        var originals: [Int: Transcript.Segment] = [:]
        for (segment, place) in zip(recognized.segments, originalPlaces) { originals[place] = segment }
        var speakers = Set(original.speakers + latest.speakers)
        var changed: [Int: Transcript.Segment] = [:]
        for (number, edit) in edits.enumerated() {
            guard seen.segments.indices.contains(edit.segment) else {
                throw TranscriptEdit.Refusal.noSegment(edit: number)
            }
            let place = places[edit.segment]
            // Not as it is rendered: there, times depend on who else speaks.
            guard let original = originals[place] else { throw TranscriptEdit.Refusal.noSegment(edit: number) }
            let current = changed[place] ?? corrections[place] ?? original
            switch edit.change {
            case .text(let text):
                changed[place] = current.corrected(to: text, original: original)
            case .speaker(let speaker):
                if !speakers.contains(speaker) {
                    guard speaker == Self.next(after: speakers) else {
                        throw TranscriptEdit.Refusal.noSpeaker(edit: number)
                    }
                    speakers.insert(speaker)
                }
                changed[place] = current.spoken(by: speaker, original: original)
            }
        }
        // What an editor writes is masked like what was recognized, also where it completes a number with its neighbors.
        let written = CorrectedTranscript(original: original, corrections: corrections.merging(changed) { $1 }).latest
        for (place, (before, after)) in zip(written.segments, written.masked().segments).enumerated()
        where before != after { changed[place] = after }
        // What is as it was is no change.
        changed = changed.filter { place, segment in (corrections[place] ?? originals[place]) != segment }
        return Change(
            segments: changed,
            result: CorrectedTranscript(original: original, corrections: corrections.merging(changed) { $1 }))
    }

    /// Corrected segments, and the transcript with them.
    package struct Change: Sendable {
        /// By their place in the stored original.
        private let segments: [Int: Transcript.Segment]
        package let result: CorrectedTranscript

        fileprivate init(segments: [Int: Transcript.Segment], result: CorrectedTranscript) {
            self.segments = segments
            self.result = result
        }

        package var isEmpty: Bool { segments.isEmpty }

        /// The form in which ``TranscriptRevision`` stores them.
        package func stored() throws -> [Int: [UInt8]] {
            let encoder = JSONEncoder()
            return try segments.mapValues { Array(try encoder.encode($0)) }
        }

        /// The changed segments as a JSON array; `segment` is each one's place in the transcript as it is rendered now.
        package func json() -> [UInt8] {
            let (rendered, places) = result.latest.orderedWithPlaces()
            let shown = zip(rendered.segments.indices, places).filter { segments[$0.1] != nil }.map(\.0)
            return rendered.json(ofSegments: shown)
        }
    }

    /// The id of a speaker that nobody has yet.
    private static func next(after speakers: Set<String>) -> String {
        let numbers = speakers.compactMap { $0.hasPrefix("speaker_") ? Int($0.dropFirst("speaker_".count)) : nil }
        return "speaker_\((numbers.max() ?? -1) + 1)"
    }
}

extension Transcript {
    fileprivate var heardSpeakers: Set<String> {
        segments.reduce(into: []) { heard, segment in
            if let speaker = segment.speaker { heard.insert(speaker) }
            heard.formUnion(segment.words.compactMap(\.speaker))
        }
    }

    /// The speakers of segments that are not listed, in the order of their speech.
    fileprivate var newSpeakers: [String] {
        var known = Set(speakers)
        return segments.compactMap(\.speaker).filter { known.insert($0).inserted }
    }
}

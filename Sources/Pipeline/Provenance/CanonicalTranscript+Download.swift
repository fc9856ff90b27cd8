import Foundation

extension CanonicalTranscript {
    /// The JSON is no transcript as `GET /jobs/{id}/transcript` returns it.
    package struct Unreadable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Makes the canonical form of a transcript that somebody has downloaded as JSON, with `speakers=labels`, the default.
    ///
    /// - Throws: ``Unreadable``.
    package init(download json: [UInt8]) throws {
        let found: Download
        do {
            found = try JSONDecoder().decode(Download.self, from: Data(json))
        } catch {
            throw Unreadable(description: "This is no transcript in JSON, as GET /jobs/{id}/transcript returns it.")
        }
        self.init(
            Transcript(
                jobID: found.job_id, language: found.language,
                durationMilliseconds: try Self.milliseconds(found.duration_seconds), engine: found.engine,
                model: found.model, diarization: found.diarization,
                segments: try found.segments.map { segment in
                    Transcript.Segment(
                        speaker: segment.speaker, start: try Self.milliseconds(segment.start),
                        end: try Self.milliseconds(segment.end), text: segment.text,
                        words: try segment.words.map { word in
                            Transcript.Word(
                                text: word.text, start: try Self.milliseconds(word.start),
                                end: try Self.milliseconds(word.end), confidence: nil, speaker: word.speaker)
                        })
                }))
    }

    private struct Download: Decodable {
        struct Word: Decodable {
            let text: String
            let start, end: Double
            let speaker: String?
        }

        struct Segment: Decodable {
            let speaker: String?
            let start, end: Double
            let text: String
            let words: [Word]
        }

        let job_id, language, engine, model, diarization: String
        let duration_seconds: Double
        let segments: [Segment]
    }

    private static func milliseconds(_ seconds: Double) throws -> Int64 {
        let milliseconds = (seconds * 1_000).rounded()
        // Anything between two milliseconds has been changed.
        guard abs(milliseconds - seconds * 1_000) < 0.001, let whole = Int64(exactly: milliseconds), whole >= 0 else {
            throw Unreadable(description: "\(seconds) is no time of a transcript.")
        }
        return whole
    }
}

// What the pipeline delivers: the words of one source, who said them and what made them.
//
// Owns the stored form: `Codable` with short, stable keys, because a ten-hour transcript has 100,000 words.
// Keys are never renamed; a new field is optional, so that old rows still decode. The customer's formats are
// another matter and live in `Formats/`.

/// The transcript of one job. All times are milliseconds from the start of the source.
package struct Transcript: Sendable, Equatable, Codable {
    /// Why another engine than the first one made the transcript, or parts of it.
    package struct Fallback: Sendable, Equatable, Codable {
        /// The engine that should have done it.
        package var from: String
        package var reason: String
        /// How many chunks of the source fell back.
        package var chunks: Int

        package init(from: String, reason: String, chunks: Int) {
            self.from = from
            self.reason = reason
            self.chunks = chunks
        }
    }

    /// That one speaker speaks, as it was heard, whatever the words: also two at once, and without words. Times in milliseconds.
    package struct SpeakerTurn: Sendable, Equatable, Codable {
        /// An id out of the transcript's `speakers`.
        package var speaker: String
        package var start: Int64
        package var end: Int64

        package init(speaker: String, start: Int64, end: Int64) {
            self.speaker = speaker
            self.start = start
            self.end = end
        }

        private enum CodingKeys: String, CodingKey {
            case speaker = "k"
            case start = "s"
            case end = "e"
        }
    }

    package var jobID: String
    /// The language's code, as Whisper names it.
    package var language: String
    /// 0 to 1; nil when the customer named the language.
    package var languageConfidence: Double?
    package var durationMilliseconds: Int64
    package var engine: String
    package var fallback: Fallback?
    package var model: String
    /// "none", "channels", or the name of the model that ran.
    package var diarization: String
    /// Speakers' ids in order of first speech; empty without diarization.
    package var speakers: [String]
    /// Who speaks when, by start; nil where no model was asked.
    package var voices: [SpeakerTurn]?
    package var segments: [Segment]
    /// What was recognized and is not among the words, by start; nil where nothing was taken out.
    package var removed: [Removed]?

    package init(
        jobID: String, language: String, languageConfidence: Double? = nil, durationMilliseconds: Int64,
        engine: String, fallback: Fallback? = nil, model: String, diarization: String = "none",
        speakers: [String] = [], voices: [SpeakerTurn]? = nil, segments: [Segment],
        removed: [Removed]? = nil
    ) {
        self.jobID = jobID
        self.language = language
        self.languageConfidence = languageConfidence
        self.durationMilliseconds = durationMilliseconds
        self.engine = engine
        self.fallback = fallback
        self.model = model
        self.diarization = diarization
        self.speakers = speakers
        self.voices = voices
        self.segments = segments
        self.removed = removed
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "job"
        case language
        case languageConfidence = "language_confidence"
        case durationMilliseconds = "duration_ms"
        case engine, fallback, model, diarization, speakers, voices, segments, removed
    }
}

/// The transcript of one job: the words, who said them, and which engine recognized them. All times are milliseconds from the start of the
/// source.
///
/// `Codable` is the stored form. Its keys are short, because a ten-hour transcript has 100,000 words. Keys are never renamed, and a new
/// field is optional, so that old rows still decode. The customers' formats are in `Formats/`.
package struct Transcript: Sendable, Equatable, Codable {
    /// Why the fallback engine recognized the transcript, or parts of it.
    package struct Fallback: Sendable, Equatable, Codable {
        /// The engine that should have recognized them.
        package var from: String
        package var reason: String
        /// Number of chunks that the fallback engine recognized.
        package var chunks: Int

        package init(from: String, reason: String, chunks: Int) {
            self.from = from
            self.reason = reason
            self.chunks = chunks
        }
    }

    /// One speaker speaks, according to the diarization, with or without recognized words. Turns of two speakers may overlap. Times are in
    /// milliseconds.
    package struct SpeakerTurn: Sendable, Equatable, Codable {
        /// An id from the transcript's `speakers`.
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
    /// Whisper's code of the language.
    package var language: String
    /// 0 to 1; nil if the customer named the language.
    package var languageConfidence: Double?
    package var durationMilliseconds: Int64
    package var engine: String
    package var fallback: Fallback?
    package var model: String
    /// "none", "channels", or the name of the diarization model.
    package var diarization: String
    /// The speakers' ids in order of first speech; empty without diarization.
    package var speakers: [String]
    /// Who speaks when, sorted by start; nil if no diarization model ran.
    package var voices: [SpeakerTurn]?
    package var segments: [Segment]
    /// Recognized words that were removed, sorted by start; nil if none were.
    package var removed: [Removed]?
    /// What is masked; nil if nothing was to be masked.
    package var redact: [RedactionKind]?

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
        case engine, fallback, model, diarization, speakers, voices, segments, removed, redact
    }
}

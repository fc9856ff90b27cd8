/// What an engine heard in one piece. Times in milliseconds from the piece's start.
struct Recognition: Codable, Sendable {
    /// The engine as transcripts name it.
    let engine: String
    /// The model that ran, as the engine names it.
    let model: String
    let segments: [Transcript.Segment]
}

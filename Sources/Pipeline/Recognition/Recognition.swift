/// What an engine recognized in one chunk. Times are in milliseconds from the chunk's start.
package struct Recognition: Codable, Sendable {
    /// The engine that should have recognized the chunk, and why it didn't.
    package struct Fallback: Codable, Sendable, Equatable {
        package let from: String
        package let reason: FallbackReason

        package init(from: String, reason: FallbackReason) {
            self.from = from
            self.reason = reason
        }
    }

    /// The engine as transcripts name it.
    package let engine: String
    /// The model that ran, as the engine names it.
    package let model: String
    package var fallback: Fallback?
    package var segments: [Transcript.Segment]
    /// Hallucinated words that were removed; nil if there are none, and in results stored before they were counted.
    package var removed: [Transcript.Removed]?

    package init(
        engine: String, model: String, fallback: Fallback? = nil, segments: [Transcript.Segment],
        removed: [Transcript.Removed]? = nil
    ) {
        self.engine = engine
        self.model = model
        self.fallback = fallback
        self.segments = segments
        self.removed = removed
    }
}

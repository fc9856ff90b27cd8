/// What an engine heard in one chunk. Times in milliseconds from the chunk's start.
package struct Recognition: Codable, Sendable {
    /// That another engine should have done it.
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
    /// What the engine gave and nobody said; nil where there is nothing of the kind, and in what was kept before it was counted.
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

extension Transcript {
    /// Recognized words that the transcript leaves out, and why, so that nothing disappears without a trace.
    ///
    /// Times are in milliseconds. The words themselves are not stored, because nobody said them, or the other channel has them.
    package struct Removed: Sendable, Equatable, Codable {
        package enum Reason: String, Sendable, Codable, CaseIterable {
            /// Nobody speaks there: no speech was detected, or the model's own figures say so.
            case noSpeech = "no_speech"
            /// The model was stuck: it repeated itself without sound, or without enough time to say it.
            case repetition
            /// The model guessed, according to several of its own figures.
            case lowConfidence = "low_confidence"
            /// One channel's microphone picked up the other channel's voice, which is louder there and kept there.
            case crosstalk
        }

        package var start: Int64
        package var end: Int64
        /// Number of words.
        package var words: Int
        package var reason: Reason

        package init(start: Int64, end: Int64, words: Int, reason: Reason) {
            self.start = start
            self.end = end
            self.words = words
            self.reason = reason
        }

        private enum CodingKeys: String, CodingKey {
            case start = "s"
            case end = "e"
            case words = "n"
            case reason = "r"
        }
    }
}

extension Transcript.Removed: Timed {}

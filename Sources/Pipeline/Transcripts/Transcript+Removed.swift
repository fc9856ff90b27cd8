extension Transcript {
    /// Words that a recognizer gave and that the transcript leaves out, and why: so that nothing disappears without a mark.
    ///
    /// Times in milliseconds. The words themselves are not kept: what was not said is nobody's to read.
    package struct Removed: Sendable, Equatable, Codable {
        package enum Reason: String, Sendable, Codable, CaseIterable {
            /// Nobody speaks there: the detector hears no speech, or the model's own figures say so.
            case noSpeech = "no_speech"
            /// The model was stuck: repetitions that have no sound of their own, or no time in which to be said.
            case repetition
            /// The model guessed: several of its own figures say so.
            case lowConfidence = "low_confidence"
            /// One channel's microphone picked up what the other channel says, louder: it stands there.
            case crosstalk
        }

        package var start: Int64
        package var end: Int64
        /// How many.
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

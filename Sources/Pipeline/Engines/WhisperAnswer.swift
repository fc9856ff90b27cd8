/// What an OpenAI-compatible server answers as `verbose_json`. Times in seconds from the start of the clip.
package struct WhisperAnswer: Decodable, Sendable {
    package struct Segment: Decodable, Sendable {
        let start, end: Double
        let text: String
        let avg_logprob: Double?
        let words: [Word]?
    }

    package struct Word: Decodable, Sendable {
        /// With the space that Whisper puts before it, where it puts one.
        let word: String
        let start, end: Double
        let probability: Double?
    }

    let segments: [Segment]
    /// The id of the model that ran (`whisper_base`).
    let model: String?
}

/// What an OpenAI-compatible server answers as `verbose_json`. Times in seconds from the start of the clip.
///
/// Servers differ in what they leave out, and in whether a number is one or a text; none of that makes an answer unreadable, and unknown
/// fields are passed over. An answer with neither `segments` nor `text` is none: decoding throws.
package struct WhisperAnswer: Sendable {
    package struct Segment: Sendable {
        /// Nil where the server tells no times.
        let start, end: Double?
        let text: String
        /// Of the window of 30 seconds that the segment comes from, like the three figures after it.
        let averageLogProbability: Double?
        let noSpeechProbability: Double?
        let compressionRatio: Double?
        /// 0: the most probable words; 1: drawn by lot, the last thing that is tried.
        let temperature: Double?
        let words: [Word]
    }

    /// A word, a piece of one, or punctuation by itself.
    package struct Word: Sendable {
        /// With the space before it, where the server keeps one.
        let text: String
        let start, end: Double
        /// 0 to 1.
        let probability: Double?
    }

    /// Empty where the server answers with the text alone.
    let segments: [Segment]
    let text: String
    /// Words beside the segments. Where the segments hold words too they are the same ones.
    let words: [Word]
    /// The model that ran, where the server says so.
    let model: String?
}

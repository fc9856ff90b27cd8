/// The contract's reasons of `invalid_audio`.
package enum InvalidAudioReason: String, Codable, Sendable, CaseIterable {
    /// Not one of our containers or codecs, or no audio in it.
    case unsupportedFormat = "unsupported_format"
    /// One of ours, but nothing in it can be decoded.
    case decodeFailed = "decode_failed"
    /// Longer than the plan allows. Decided by the caller: the tool knows no plan.
    case durationExceedsLimit = "duration_exceeds_limit"
    /// No bytes, or nothing but silence.
    case emptyAudio = "empty_audio"
}

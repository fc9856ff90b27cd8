/// The result of probing a file.
package struct MediaProbe: Sendable, Codable, Equatable {
    /// One of the thirteen supported containers, in lower case: `mp3`, `wav`, `m4a`, …
    package let container: String
    /// libav's name of the audio codec: `aac`, `pcm_s16le`, …
    package let codec: String
    package let channels: Int
    /// Hertz.
    package let sampleRate: Int
    /// The duration that the container claims, in milliseconds. It may be wrong; nil if there is no claim.
    package let claimedDurationMilliseconds: Int64?
    /// The duration of the decoded part, in milliseconds: of the whole file if `isComplete`.
    package let decodedDurationMilliseconds: Int64?
    /// The duration of the whole file, estimated from the decoded part, in milliseconds; nil if `isComplete`.
    package let estimatedDurationMilliseconds: Int64?
    /// Whether the whole file was decoded.
    package let isComplete: Bool
    /// Whether the whole file was decoded and nothing in it is louder than silence: −72 dBFS, or −84 dBFS for lossless samples of more than
    /// 16 bits.
    package let isSilent: Bool
    /// Number of frames that could not be decoded and were skipped.
    package let damagedFrames: Int64
    /// Position of the chosen audio track, counted from 1: the one that players play, unless it is silent while another isn't.
    package let track: Int
    /// Number of audio tracks that can be decoded.
    package let tracks: Int

    /// The best known duration: measured, else claimed, else estimated; never less than what was decoded.
    package var bestDurationMilliseconds: Int64? {
        guard !isComplete else { return decodedDurationMilliseconds }
        let decoded = decodedDurationMilliseconds ?? 0
        // A claim below what was decoded is wrong, so use the estimate.
        if let claimed = claimedDurationMilliseconds, claimed > decoded { return claimed }
        return estimatedDurationMilliseconds.map { max($0, decoded) } ?? decodedDurationMilliseconds
    }

    /// Returns whether the file is longer than a plan's limit of `seconds`.
    package func isLonger(than seconds: Int64) -> Bool {
        bestDurationMilliseconds.map { $0 > DurationLimit.milliseconds(of: seconds * 1000) } ?? false
    }

    private enum CodingKeys: String, CodingKey {
        case container, codec, channels, track, tracks
        case sampleRate = "sample_rate"
        case claimedDurationMilliseconds = "claimed_duration_ms"
        case decodedDurationMilliseconds = "decoded_duration_ms"
        case estimatedDurationMilliseconds = "estimated_duration_ms"
        case isComplete = "complete"
        case isSilent = "silent"
        case damagedFrames = "damaged_frames"
    }
}

/// A plan's limit on the duration of a recording, to the millisecond.
package enum DurationLimit {
    /// Tolerance in milliseconds. Encoders pad the beginning and the end of a recording and fill their last frame: ten hours become 7 ms
    /// longer as Opus, and up to 0.3 s longer as MP3 of the lowest rate.
    package static let padding: Int64 = 500

    /// Returns the longest duration that a limit accepts, both in milliseconds.
    package static func milliseconds(of limit: Int64) -> Int64 { limit + padding }
}

/// What a probe found out about a file.
package struct MediaProbe: Sendable, Codable, Equatable {
    /// One of the contract's thirteen, in lower case: `mp3`, `wav`, `m4a`, …
    package let container: String
    /// libav's name of the audio codec: `aac`, `pcm_s16le`, …
    package let codec: String
    package let channels: Int
    /// Hertz.
    package let sampleRate: Int
    /// What the container says, in milliseconds; may be a lie, and nil when it says nothing.
    package let claimedDurationMilliseconds: Int64?
    /// What was decoded, in milliseconds: all there is when `isComplete`.
    package let decodedDurationMilliseconds: Int64?
    /// What the part that was decoded makes expect of the whole, in milliseconds; nil when `isComplete`.
    package let estimatedDurationMilliseconds: Int64?
    /// The whole file was decoded.
    package let isComplete: Bool
    /// The whole file was decoded, and nothing in it rises above silence: −72 dBFS, or −84 where its samples are finer than 16 bits.
    package let isSilent: Bool
    /// Frames that could not be decoded and were left out.
    package let damagedFrames: Int64
    /// Which of the audio tracks is heard, from 1: the one that players play, unless that is silent while another is not.
    package let track: Int
    /// How many audio tracks there are that can be decoded.
    package let tracks: Int

    /// The duration to go by before the file is decoded: measured where it was, else claimed, else estimated; never
    /// less than what was decoded.
    package var bestDurationMilliseconds: Int64? {
        guard !isComplete else { return decodedDurationMilliseconds }
        let decoded = decodedDurationMilliseconds ?? 0
        // A claim below what was decoded is refuted; the estimate is what is left.
        if let claimed = claimedDurationMilliseconds, claimed > decoded { return claimed }
        return estimatedDurationMilliseconds.map { max($0, decoded) } ?? decodedDurationMilliseconds
    }

    /// Whether a plan of recordings of so many seconds refuses it.
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

/// Where a plan's limit on the length of a recording lies, to the millisecond.
package enum DurationLimit {
    /// Encoders add a beginning and an end of their own to the sound, and fill up their last frame: a recording of ten hours has seven
    /// milliseconds more as Opus, up to three tenths of a second as MP3 of the lowest rate. So much is not held against anybody.
    package static let padding: Int64 = 500

    /// The longest that a recording may be under a limit of so many milliseconds.
    package static func milliseconds(of limit: Int64) -> Int64 { limit + padding }
}

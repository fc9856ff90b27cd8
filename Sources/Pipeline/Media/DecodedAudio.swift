/// What `MediaTool.decode` gave to its sink.
package struct DecodedAudio: Sendable, Decodable, Equatable {
    /// Samples per channel, silence for the source's own pauses included.
    package let samples: Int64
    /// Channels given: 1 or 2.
    package let channels: Int
    /// The most channels the source had at any time.
    package let sourceChannels: Int
    /// There was more than `maxSamples`.
    package let isLimitReached: Bool
    /// Nothing that was given rises above −60 dBFS.
    package let isSilent: Bool
    /// Frames that could not be decoded and were left out.
    package let damagedFrames: Int64

    /// Rounded to the nearest.
    package var durationMilliseconds: Int64 {
        (samples * 1000 + MediaTool.sampleRate / 2) / MediaTool.sampleRate
    }

    private enum CodingKeys: String, CodingKey {
        case samples, channels
        case sourceChannels = "source_channels"
        case isLimitReached = "limit_reached"
        case isSilent = "silent"
        case damagedFrames = "damaged_frames"
    }
}

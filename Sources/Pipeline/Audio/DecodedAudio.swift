/// What `MediaToolClient.decode` passed to its sink.
package struct DecodedAudio: Sendable, Decodable, Equatable {
    /// Samples per channel, including the silence for the source's own pauses.
    package let samples: Int64
    /// The most channels that the source had at any time.
    package let sourceChannels: Int
    /// Whether there was more than `maxSamples`.
    package let isLimitReached: Bool
    /// Whether nothing in the source is louder than silence: −72 dBFS, or −84 dBFS for lossless samples of more than 16 bits.
    package let isSilent: Bool
    /// Number of frames that could not be decoded and were skipped.
    package let damagedFrames: Int64
    /// Position of the decoded audio track, counted from 1: the one that players play, unless it is silent while another isn't.
    package let track: Int
    /// Number of audio tracks that can be decoded.
    package let tracks: Int
    /// Number of samples during which a channel was inverted relative to the others, and was inverted back.
    package let turnedSamples: Int64
    /// Samples of silence per channel for the source's own pauses.
    package let pausedSamples: Int64

    private enum CodingKeys: String, CodingKey {
        case samples, track, tracks
        case sourceChannels = "source_channels"
        case isLimitReached = "limit_reached"
        case isSilent = "silent"
        case damagedFrames = "damaged_frames"
        case turnedSamples = "turned_samples"
        case pausedSamples = "paused_samples"
    }
}

/// How many channels to decode to.
package enum ChannelLayout: String, Sendable {
    /// The average of all channels that have sound. An inverted channel is inverted back first. A channel with only noise is left out if
    /// another has a voice.
    case mono
    /// Left and right; an inverted one is inverted back. If the source doesn't have two channels, their mix twice.
    case stereo

    /// Number of channels.
    package var channels: Int {
        switch self {
        case .mono: 1
        case .stereo: 2
        }
    }
}

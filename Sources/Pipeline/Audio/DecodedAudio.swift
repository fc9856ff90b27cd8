/// What `MediaToolClient.decode` gave to its sink.
package struct DecodedAudio: Sendable, Decodable, Equatable {
    /// Samples per channel, silence for the source's own pauses included.
    package let samples: Int64
    /// Channels given: 1 or 2.
    package let channels: Int
    /// The most channels the source had at any time.
    package let sourceChannels: Int
    /// There was more than `maxSamples`.
    package let isLimitReached: Bool
    /// Nothing in the source rises above silence: −72 dBFS, or −84 where its samples are finer than 16 bits.
    package let isSilent: Bool
    /// Frames that could not be decoded and were left out.
    package let damagedFrames: Int64
    /// Which of the source's audio tracks was heard, from 1: the one that players play, unless that is silent while another is not.
    package let track: Int
    /// How many audio tracks there are that can be decoded.
    package let tracks: Int
    /// Samples in which a channel was reversed against the others, and turned round.
    package let turnedSamples: Int64
    /// Samples of silence for the source's own pauses.
    package let pausedSamples: Int64

    /// Rounded to the nearest.
    package var durationMilliseconds: Int64 {
        (samples * 1000 + MediaToolClient.sampleRate / 2) / MediaToolClient.sampleRate
    }

    private enum CodingKeys: String, CodingKey {
        case samples, channels, track, tracks
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
    /// The average of all channels that hold something. One that is reversed is turned round first, and what is only noise beside a voice is
    /// left out.
    case mono
    /// Left and right, with one of them turned round where it is reversed; of any other number of channels their mix, twice.
    case stereo

    /// Samples at each moment.
    package var channels: Int {
        switch self {
        case .mono: 1
        case .stereo: 2
        }
    }
}

/// How many channels to decode to.
package enum ChannelLayout: String, Sendable {
    /// The average of all channels.
    case mono
    /// Left and right; a mono source twice.
    case stereo

    /// Samples at each moment.
    package var channels: Int {
        switch self {
        case .mono: 1
        case .stereo: 2
        }
    }
}

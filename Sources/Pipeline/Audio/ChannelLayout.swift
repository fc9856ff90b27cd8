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

/// Which channel of the decoded audio is recognized.
package enum SourceChannel: Sendable, Hashable {
    /// The mix of all channels.
    case mixed
    case left, right

    /// The value in `chunks.channel`: nil for ``mixed``.
    var number: Int? {
        switch self {
        case .mixed: nil
        case .left: 0
        case .right: 1
        }
    }

    init(number: Int?) {
        self =
            switch number {
            case 0: .left
            case 1: .right
            default: .mixed
            }
    }
}

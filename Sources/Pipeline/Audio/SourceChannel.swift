/// Which part of a decoded signal is heard.
package enum SourceChannel: Sendable, Hashable {
    /// All of it as one.
    case mixed
    case left, right

    /// As `chunks.channel` has it: nil for ``mixed``.
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

import Glibc

/// Why an upload could not be kept on the local disk.
package enum SpoolError: Error, Equatable {
    /// The uploads under way have taken all of the spool's budget.
    case budgetExhausted
    /// The account's other uploads under way have taken all that it may.
    case shareExhausted
    /// The disk, or the service's quota on it, is full.
    case storageFull
    /// The machine has no descriptors or memory left for another file.
    case exhausted
    /// Anything else that the system said, by its `errno`.
    case failed(call: String, errno: Int32)

    init(call: String) {
        let code = errno
        switch code {
        case ENOSPC, EDQUOT: self = .storageFull
        case EMFILE, ENFILE, ENOMEM: self = .exhausted
        default: self = .failed(call: call, errno: code)
        }
    }
}

import Glibc

/// Why an upload could not be kept on the local disk.
package enum SpoolError: Error, Equatable {
    /// The uploads under way have taken all of the spool's budget.
    case budgetExhausted
    /// The account's other uploads under way have taken all that it may.
    case shareExhausted
    /// The disk, or the service's quota on it, is full.
    case storageFull
    /// Anything else that the system said, by its `errno`.
    case failed(call: String, errno: Int32)

    init(call: String) {
        let code = errno
        self = code == ENOSPC || code == EDQUOT ? .storageFull : .failed(call: call, errno: code)
    }
}

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

extension APIError {
    /// What a customer is told of a spool that fails; nil for what is to be logged.
    init?(_ error: SpoolError) {
        switch error {
        case .budgetExhausted, .storageFull:
            self = .transient(
                "The storage for uploads is full at the moment. Please try again.", retryAfterSeconds: 30)
        case .exhausted:
            self = .transient("The service has too many files open. Please try again.", retryAfterSeconds: 5)
        case .shareExhausted:
            self = .rateLimited(
                "This account has as much under way here as it may. Try again when some of its uploads have ended.",
                retryAfterSeconds: 10)
        case .failed: return nil
        }
    }
}

import Glibc

/// Why an upload could not be kept on the local disk.
package enum SpoolError: Error, Equatable {
    /// The uploads in progress have taken all of the spool's budget.
    case budgetExhausted
    /// The account's other uploads in progress have taken its whole share.
    case shareExhausted
    /// The disk, or the service's quota on it, is full.
    case storageFull
    /// The machine has no descriptors or memory left for another file.
    case exhausted
    /// Any other error of the system, with its `errno`.
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
    /// The answer to a customer if the spool fails; nil for a fault that must be logged instead.
    init?(_ error: SpoolError) {
        switch error {
        case .budgetExhausted, .storageFull:
            self = .transient(
                "The storage for uploads is full at the moment. Please try again.", retryAfterSeconds: 30)
        case .exhausted:
            self = .transient("The service has too many files open. Please try again.", retryAfterSeconds: 5)
        case .shareExhausted:
            self = .rateLimited(
                "This account has too many uploads in progress here. Try again when some of them have ended.",
                retryAfterSeconds: 10)
        case .failed: return nil
        }
    }
}

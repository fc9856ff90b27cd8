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

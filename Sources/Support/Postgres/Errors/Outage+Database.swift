extension Outage {
    /// Records what an error says about the server. An error that the server sent proves that the server answers. Returns the error, marked as
    /// reported if this outage covers it: no connection could be opened, one broke, or none was free during the outage.
    ///
    /// - Parameter mark: the value of ``mark`` when the failed work began.
    func watch(_ error: PostgresError, since mark: Int) -> PostgresError {
        switch error.kind {
        case .connectionLost, .commitOutcomeUnknown:
            failed(error)
        case .timeout, .poolExhausted:
            guard isOngoing else { return error }
        case .server:
            works(since: mark)
            return error
        case .decoding, .usage:
            return error
        }
        var reported = error
        reported.isReported = true
        return reported
    }
}

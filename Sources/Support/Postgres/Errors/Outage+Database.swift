extension Outage {
    /// Notes what an error says of the server, and answers it marked where this outage speaks for it: a connection that cannot be made or broke,
    /// and whoever found no connection meanwhile. What the server itself refuses proves that it is there.
    ///
    /// - Parameter mark: of the beginning of what failed.
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

/// Why the connection guard stopped a request whose body the application was still reading.
///
/// The application's read throws it, so that the handler ends and cleans up; what the handler then answers is
/// dropped, because the connection guard has answered already or there is nobody left to read it.
package enum RequestInterruption: Error, Equatable {
    /// The body came slower than the minimum rate.
    case tooSlow
    /// The body came too slowly for its size: it would not arrive in time.
    case overdue(minutes: Int64)
    /// The body is larger than the absolute maximum. The limit is that of the media file, in bytes.
    case tooLarge(limitBytes: Int64)
    /// There is no room for this connection, or others need it more.
    case crowded
    /// What came is not HTTP.
    case malformed
    /// The client went away in the middle.
    case disconnected
    /// The server shuts down and the body did not come in time.
    case shuttingDown

    /// What the client is told.
    package var answer: APIError {
        switch self {
        case .tooSlow: APIError(.requestTimeout, "The request came in too slowly.")
        case .overdue(let minutes):
            APIError(
                .requestTimeout,
                "The request came in too slowly for its size: the whole body must arrive within \(minutes) minutes, at an even pace. Use a faster connection, or send a smaller file."
            )
        case .tooLarge(let limit): .fileTooLarge(limitBytes: limit)
        case .crowded: .transient("The service has too many connections open. Please try again.", retryAfterSeconds: 5)
        case .malformed: .invalidRequest("The request is not valid HTTP/1.1.")
        case .disconnected: .invalidRequest("The connection was closed before the body was complete.")
        case .shuttingDown: .transient("The service is restarting. Please try again.", retryAfterSeconds: 5)
        }
    }
}

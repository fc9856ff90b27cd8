// Why there is no response. Cancellation is Swift's `CancellationError` instead.
//
// A description contains neither the URL nor anything sent or received, so it may be logged and shown.

package enum EgressError: Error, Sendable, Equatable {
    /// A customer's URL led to an address that the policy refuses. Nothing was sent there.
    case refusedAddress(String)
    case badURL
    case unsupportedScheme
    /// The request itself is malformed: a mistake of the calling code.
    case badRequest(String)
    /// A file to send could not be read. `errno`, or 0 if the file is shorter than the body's length.
    case bodyUnreadable(Int32)
    case couldNotResolve
    /// The host refused the connection, was unreachable, or did not answer within the time for connecting. Nothing was sent.
    case couldNotConnect
    /// The host could not prove its identity.
    case tls
    /// The connection was made, but the TLS handshake failed: because of the network, or because the host has no TLS version that we support.
    case tlsHandshake
    case timedOut
    case tooSlow
    case responseTooLarge(limit: Int)
    /// The response is not HTTP, or its header is too long.
    case badResponse
    /// The body is not compressed in the way that the header says.
    case badEncoding
    /// Writing a download to its file descriptor failed with this `errno`.
    case sinkFailed(Int32)
    case connectionLost
    case tooManyRedirects
    /// Too many requests are waiting in line.
    case overloaded
    case closed
    /// The caller saw the beginning of the response and did not want the rest.
    case unwanted
    /// Any other error, with libcurl's code.
    case failed(code: Int)

    /// Whether the same request may succeed a little later.
    package var isTransient: Bool {
        switch self {
        case .couldNotResolve, .couldNotConnect, .tlsHandshake, .timedOut, .tooSlow, .connectionLost, .overloaded: true
        case .refusedAddress, .badURL, .unsupportedScheme, .badRequest, .bodyUnreadable, .tls, .responseTooLarge,
            .badResponse, .badEncoding, .sinkFailed, .tooManyRedirects, .closed, .unwanted, .failed:
            false
        }
    }
}

extension EgressError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refusedAddress(let address): "the address \(address) may not be connected to"
        case .badURL: "the URL is malformed"
        case .unsupportedScheme: "only http and https are supported"
        case .badRequest(let reason): "malformed request: \(reason)"
        case .bodyUnreadable(let code): "the file to send could not be read (errno \(code))"
        case .couldNotResolve: "the host's name could not be resolved"
        case .couldNotConnect: "could not connect"
        case .tls: "no trusted TLS connection"
        case .tlsHandshake: "the TLS handshake broke off"
        case .timedOut: "no complete answer in time"
        case .tooSlow: "the transfer was too slow"
        case .responseTooLarge(let limit): "the answer exceeds \(limit) bytes"
        case .badResponse: "the answer is not valid HTTP"
        case .badEncoding: "the answer is not compressed as it says"
        case .sinkFailed(let code): "the answer could not be stored (errno \(code))"
        case .connectionLost: "the connection was lost before the answer was complete"
        case .tooManyRedirects: "too many redirects"
        case .overloaded: "too many requests are waiting"
        case .closed: "the client is closed"
        case .unwanted: "the answer was not wanted"
        case .failed(let code): "the transfer failed (curl \(code))"
        }
    }
}

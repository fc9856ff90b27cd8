import Egress
import Postgres

/// How one try went. Of what the receiver answered, nothing but the status code.
package struct DeliveryResult: Sendable, Equatable {
    package let statusCode: Int?
    package let latencyMilliseconds: Int64
    /// One word; nil after a success.
    package let error: DeliveryError?
    /// From when on the receiver wants to be tried again.
    let retryAt: Timestamp?

    package init(
        statusCode: Int?, latencyMilliseconds: Int64, error: DeliveryError? = nil, retryAt: Timestamp? = nil
    ) {
        self.statusCode = statusCode
        self.latencyMilliseconds = latencyMilliseconds
        self.error = error
        self.retryAt = retryAt
    }

    package var isAcknowledged: Bool { error == nil }
}

/// Why a try failed, as customers read it.
package enum DeliveryError: String, Sendable, PostgresCodable {
    /// Any status but 2xx.
    case badStatus = "bad_status"
    /// 410: nothing more is sent.
    case gone
    /// 3xx; redirects are not followed.
    case redirectRefused = "redirect_refused"
    case timeout
    case nameNotResolved = "name_not_resolved"
    case connectionRefused = "connection_refused"
    case connectionLost = "connection_lost"
    /// The host's name led to an address that is not public. Nothing was sent.
    case addressRefused = "address_refused"
    case tls
    case badResponse = "bad_response"
    /// The sender went down while the try was under way; the event may have arrived.
    case interrupted
    /// A fault of ours.
    case internalError = "internal_error"

    /// It says nothing of the receiver.
    var isOurs: Bool { self == .interrupted || self == .internalError }

    init?(status: Int) {
        switch status {
        case 200..<300: return nil
        case 300..<400: self = .redirectRefused
        case 410: self = .gone
        default: self = .badStatus
        }
    }

    init(_ error: any Error) {
        guard let error = error as? EgressError else {
            self = error is CancellationError ? .interrupted : .internalError
            return
        }
        switch error {
        case .refusedAddress, .badURL, .unsupportedScheme: self = .addressRefused
        case .couldNotResolve: self = .nameNotResolved
        case .couldNotConnect: self = .connectionRefused
        case .tls, .tlsHandshake: self = .tls
        case .timedOut, .tooSlow: self = .timeout
        case .connectionLost: self = .connectionLost
        case .badResponse, .badEncoding, .responseTooLarge, .unwanted, .failed: self = .badResponse
        case .tooManyRedirects: self = .redirectRefused
        case .closed: self = .interrupted
        case .badRequest, .bodyUnreadable, .sinkFailed, .overloaded: self = .internalError
        }
    }
}

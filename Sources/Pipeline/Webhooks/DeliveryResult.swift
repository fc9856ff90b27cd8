import Egress
import Postgres

/// The result of an attempt. Of the receiver's response, only the status code is kept.
package struct DeliveryResult: Sendable, Equatable {
    package let statusCode: Int?
    package let latencyMilliseconds: Int64
    /// Nil after a success.
    package let error: DeliveryError?
    /// When the receiver wants the next attempt, by its `Retry-After`.
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

/// Why an attempt failed, as customers see it.
package enum DeliveryError: String, Sendable, CaseIterable, PostgresCodable {
    /// Any status except 2xx, 3xx and 410.
    case badStatus = "bad_status"
    /// 410. Nothing more is sent.
    case gone
    /// 3xx. Redirects are not followed.
    case redirectRefused = "redirect_refused"
    case timeout
    case nameNotResolved = "name_not_resolved"
    case connectionRefused = "connection_refused"
    case connectionLost = "connection_lost"
    /// The host resolved to an address that is not public. Nothing was sent.
    case addressRefused = "address_refused"
    case tls
    case badResponse = "bad_response"
    /// The sender stopped during the attempt. The event may have arrived.
    case interrupted
    /// An error of ours.
    case internalError = "internal_error"

    /// Whether it is our error and says nothing about the receiver.
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

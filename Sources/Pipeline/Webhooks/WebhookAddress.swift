import Egress

/// Checks the webhook URLs of customers when they are submitted, so that mistakes are found at once. What counts is the check at each connection.
package struct WebhookAddress: Sendable {
    package static let longest = 2048
    /// The time-out for resolving the host's name.
    private static let timeout = Duration.seconds(3)

    private let egress: EgressClient

    package init(egress: EgressClient) { self.egress = egress }

    /// Throws ``WebhookAddressError``. Any other error is ours.
    package func check(_ url: String) async throws {
        guard (1...Self.longest).contains(url.utf8.count) else { throw WebhookAddressError.malformed }
        do {
            try await egress.judge(customerURL: url, within: Self.timeout)
        } catch let error as EgressError {
            switch error {
            case .badURL, .unsupportedScheme: throw WebhookAddressError.malformed
            case .refusedAddress: throw WebhookAddressError.notPublic
            default: throw error
            }
        }
    }
}

package enum WebhookAddressError: Error, Equatable {
    /// The URL is not http or https, is too long, or contains a user name or password.
    case malformed
    /// The host is not on the public internet.
    case notPublic
}

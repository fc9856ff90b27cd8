import Egress

/// Judges the addresses that customers give for webhooks, when they give them. What decides in the end is the judgment at each
/// connection; this one tells a mistake at once.
package struct WebhookAddress: Sendable {
    package static let longest = 2048
    /// For resolving the host's name.
    private static let timeout = Duration.seconds(3)

    private let egress: EgressClient

    package init(egress: EgressClient) { self.egress = egress }

    /// Throws ``WebhookAddressError``; anything else is ours.
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
    /// Not an http or https URL, too long, or with a user name or password in it.
    case malformed
    /// Its host is not on the public internet.
    case notPublic
}

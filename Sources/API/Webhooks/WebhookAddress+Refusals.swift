import Egress
import Pipeline

extension WebhookAddress {
    /// As `check(_:)`; throws how a customer is told why an address is not taken.
    ///
    /// - Parameter field: what the customer calls it.
    func check(_ url: String, field: String) async throws {
        do {
            try await check(url)
        } catch WebhookAddressError.malformed {
            throw Self.refused(
                "'\(field)' must be an http or https URL of at most \(Self.longest) bytes, without user name and password.",
                field)
        } catch WebhookAddressError.notPublic {
            throw Self.refused("'\(field)' must lead to a host on the public internet.", field)
        } catch is EgressError {
            // No name server, no descriptor: nothing that the address is to blame for.
            throw APIError.transient("'\(field)' cannot be checked just now. Please try again.", retryAfterSeconds: 5)
        }
    }

    private static func refused(_ message: String, _ field: String) -> APIError {
        APIError(.webhookURLRefused, message, details: ["field": .text(field)])
    }
}

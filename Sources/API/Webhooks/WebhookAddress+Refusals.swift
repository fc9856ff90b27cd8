import Egress
import Pipeline

extension WebhookAddress {
    /// The same as `check(_:)`, but throws the answer to a customer whose address is rejected.
    ///
    /// - Parameter field: the field's name in the API.
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
            // No name server, or no descriptor left: that is not the address's fault.
            throw APIError.transient("'\(field)' cannot be checked just now. Please try again.", retryAfterSeconds: 5)
        }
    }

    private static func refused(_ message: String, _ field: String) -> APIError {
        APIError(.webhookURLRefused, message, details: ["field": .text(field)])
    }
}

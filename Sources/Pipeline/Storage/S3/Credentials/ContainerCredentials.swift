import Addresses
import Egress

/// The keys of the role of a container, from the endpoint that ECS, EKS Pod Identity or Greengrass offers it.
package struct ContainerCredentials: Sendable, Equatable {
    static let name = "the container's credentials endpoint"
    let url: String
    let authorization: Authorization

    /// What the request is authorized with.
    enum Authorization: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
        case none
        case token(String)
        case file(TokenFile)

        var description: String { "authorization" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    func credentials(_ client: EgressClient, timeout: Duration?) async throws -> S3Credentials {
        let endpoint = CredentialEndpoint(
            Self.name, client, total: timeout ?? .seconds(5), connect: timeout ?? .seconds(2))
        var headers: [(name: String, value: String)] = [("Accept", "application/json")]
        switch authorization {
        case .none: break
        case .token(let token): headers.append(("Authorization", token))
        case .file(let file): headers.append(("Authorization", try await file.read()))
        }
        let answer = try await endpoint.send("GET", url, headers: headers)
        guard answer.isSuccess else { throw CredentialFault(status: answer.status, from: Self.name) }
        guard let credentials = CredentialDocument.credentials(json: answer.body) else {
            throw CredentialFault.unreadable(Self.name)
        }
        return credentials
    }

    /// Whether keys may be fetched from there: over TLS from anywhere, otherwise only from this machine and from the addresses at which ECS and
    /// EKS answer containers. AWS's own clients have the same rule.
    static func isPermitted(_ url: String) -> Bool {
        guard let parsed = try? EgressURL(url), !parsed.hasCredentials else { return false }
        if url.lowercased().hasPrefix("https://") { return true }
        guard let address = parsed.literal else { return false }
        switch address {
        case .v4(let number) where number >> 24 == 127: return true
        default: return address == IPAddress("::1") || agents.contains(address)
        }
    }

    private static let agents = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].compactMap(IPAddress.init)
}

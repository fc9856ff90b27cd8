import Egress

/// The keys of a role that a web identity, such as a Kubernetes service account, may assume: STS gives them for a token that the platform keeps in
/// a file.
package struct WebIdentity: Sendable, Equatable {
    static let name = "STS"
    /// The URL of STS.
    let url: String
    let role: String
    let session: String
    let token: TokenFile

    func credentials(_ client: EgressClient, timeout: Duration?) async throws -> S3Credentials {
        let endpoint = CredentialEndpoint(
            Self.name, client, total: timeout ?? .seconds(10), connect: timeout ?? .seconds(5))
        let form = S3Encoding.query([
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", try await token.read()),
        ])
        let answer = try await endpoint.send(
            "POST", url,
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/xml")],
            body: .bytes(Array(form.utf8)))
        guard answer.isSuccess else {
            let code = CredentialDocument.code(xml: answer.body)
            let hint = code.flatMap { Self.hints[$0] }.map { ": \($0)" } ?? ""
            throw CredentialFault(status: answer.status, code: code, from: Self.name, hint: hint)
        }
        guard let credentials = CredentialDocument.credentials(xml: answer.body) else {
            throw CredentialFault.unreadable(Self.name)
        }
        return credentials
    }

    private static let hints = [
        "ExpiredTokenException": "the token in AWS_WEB_IDENTITY_TOKEN_FILE has expired",
        "AccessDenied": "the token in AWS_WEB_IDENTITY_TOKEN_FILE may not assume AWS_ROLE_ARN",
        "ValidationError": "AWS_ROLE_ARN or AWS_ROLE_SESSION_NAME is malformed",
    ]
}

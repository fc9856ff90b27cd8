import Egress

/// The keys of the role of an EC2 instance, from its metadata service (IMDSv2). Version 1 is not used, because it gives the keys to anybody who
/// can make this machine send a request.
package struct InstanceMetadata: Sendable, Equatable {
    static let name = "the instance metadata service"
    /// Without `/` at the end.
    let url: String

    func credentials(_ client: EgressClient, timeout: Duration?) async throws -> S3Credentials {
        // It answers within milliseconds, or never: on other machines nothing is at that address.
        // An operator who forgot the key reads this where there is no such service.
        let endpoint = CredentialEndpoint(
            "AWS_ACCESS_KEY_ID is not set, and \(Self.name)", client, total: timeout ?? .seconds(3),
            connect: timeout ?? .seconds(1))
        let session = try await endpoint.send(
            "PUT", url + "/latest/api/token", headers: [("X-aws-ec2-metadata-token-ttl-seconds", "300")])
        guard session.isSuccess else {
            throw CredentialFault(status: session.status, from: Self.name)
        }
        let token = String(decoding: session.body, as: UTF8.self)
        guard !token.isEmpty, token.utf8.count <= 4096, token.isPrintableASCII else {
            throw CredentialFault.unreadable(Self.name)
        }
        let headers = [(name: "X-aws-ec2-metadata-token", value: token)]
        let folder = url + "/latest/meta-data/iam/security-credentials/"
        let roles = try await endpoint.send("GET", folder, headers: headers)
        guard roles.isSuccess else { throw Self.fault(roles) }
        let first = roles.body.split(separator: UInt8(ascii: "\n")).first.map { String(decoding: $0, as: UTF8.self) }
        guard let role = first, role.wholeMatch(of: /[A-Za-z0-9+=,.@_\-]{1,128}/) != nil, role != ".", role != ".."
        else {
            throw CredentialFault.unreadable(Self.name)
        }
        let answer = try await endpoint.send("GET", folder + role, headers: headers)
        guard answer.isSuccess else { throw Self.fault(answer) }
        if let code = CredentialDocument.code(json: answer.body) {
            throw CredentialFault.passing("\(Self.name) has no keys of the role: \(code)")
        }
        guard let credentials = CredentialDocument.credentials(json: answer.body) else {
            throw CredentialFault.unreadable(Self.name)
        }
        return credentials
    }

    private static func fault(_ response: EgressResponse) -> CredentialFault {
        // A token that the service has forgotten since, because it was restarted.
        if response.status == 401 { return .passing("\(name) answers 401") }
        return CredentialFault(
            status: response.status, from: name, hint: response.status == 404 ? ": the instance has no role" : "")
    }
}

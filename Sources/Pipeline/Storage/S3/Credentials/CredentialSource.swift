import Egress
import Foundation
import Settings

/// Where the credentials come from: the same sources in the same order as in AWS's own clients, without their configuration files.
package enum CredentialSource: Sendable {
    /// `AWS_ACCESS_KEY_ID` and what belongs to it.
    case fixed(S3Credentials)
    case webIdentity(WebIdentity)
    case container(ContainerCredentials)
    case instance(InstanceMetadata)

    /// For operators.
    package var name: String {
        switch self {
        case .fixed: "AWS_ACCESS_KEY_ID"
        case .webIdentity: "the role AWS_ROLE_ARN, by web identity"
        case .container: "the container's role"
        case .instance: "the instance's role"
        }
    }

    /// Asks for new credentials once. Throws ``CredentialFault``, or `CancellationError`.
    ///
    /// - Parameter timeout: of each request, in the place of the source's own.
    func credentials(_ client: EgressClient, timeout: Duration?) async throws -> S3Credentials {
        switch self {
        case .fixed(let credentials): credentials
        case .webIdentity(let identity): try await identity.credentials(client, timeout: timeout)
        case .container(let container): try await container.credentials(client, timeout: timeout)
        case .instance(let instance): try await instance.credentials(client, timeout: timeout)
        }
    }

    /// Whether credentials that have expired are used all the same: while the metadata service cannot renew an instance's keys, it serves the old
    /// ones, and the store may accept them.
    var mayServeExpired: Bool {
        if case .instance = self { true } else { false }
    }
}

// The settings.

extension CredentialSource {
    /// Nil if something is wrong; all errors are reported, without values. Settings of sources that come after the first one count for nothing.
    ///
    /// - Parameter region: of STS, if no URL is set.
    package static func read(_ reader: SettingsReader, region: String) -> CredentialSource? {
        let key = Key(
            id: reader.string("AWS_ACCESS_KEY_ID"), secret: reader.string("AWS_SECRET_ACCESS_KEY"),
            token: reader.string("AWS_SESSION_TOKEN"))
        if key.isBegun { return fixed(key, reader) }
        if let file = reader.string("AWS_WEB_IDENTITY_TOKEN_FILE") {
            return webIdentity(tokenFile: file, region: region, reader)
        }
        if let path = reader.string("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            let isPath = path.hasPrefix("/") && path.utf8.count <= 1024 && path.isPrintableASCII
            if !isPath { reader.report("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path that begins with /") }
            let source = container("http://169.254.170.2" + path, reader)
            return isPath ? source : nil
        }
        if let url = reader.string("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            let isPermitted = ContainerCredentials.isPermitted(url)
            if !isPermitted {
                reader.report(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI must be an https URL, or an http URL of this machine or of the agent of ECS or EKS"
                )
            }
            let source = container(url, reader)
            return isPermitted ? source : nil
        }
        if reader.string("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return fixed(key, reader) }
        return instance(reader)
    }

    private struct Key {
        let id, secret, token: String?
        var isBegun: Bool { id != nil || secret != nil || token != nil }
    }

    private static func fixed(_ key: Key, _ reader: SettingsReader) -> CredentialSource? {
        let hint = "of VERBATIM_STORAGE's bucket; see \"Object store\" in docs/self-hosting.md"
        if key.id == nil { reader.report("AWS_ACCESS_KEY_ID is not set: the access key \(hint)") }
        if key.secret == nil { reader.report("AWS_SECRET_ACCESS_KEY is not set: the secret key \(hint)") }
        for (name, value) in [("AWS_ACCESS_KEY_ID", key.id), ("AWS_SESSION_TOKEN", key.token)]
        where value?.isPrintableASCII == false {
            reader.report("\(name) must be printable ASCII without spaces")
        }
        guard let id = key.id, let secret = key.secret else { return nil }
        return .fixed(S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: key.token))
    }

    private static func webIdentity(tokenFile path: String, region: String, _ reader: SettingsReader) -> Self? {
        let role = reader.required("AWS_ROLE_ARN", hint: "the role to assume with AWS_WEB_IDENTITY_TOKEN_FILE")
        let session = reader.string("AWS_ROLE_SESSION_NAME") ?? "verbatim"
        let (isRole, isSession) = (
            role.utf8.count <= 2048 && role.isPrintableASCII,
            session.wholeMatch(of: /[A-Za-z0-9_+=,.@\-]{2,64}/) != nil
        )
        if !isRole { reader.report("AWS_ROLE_ARN must be printable ASCII without spaces") }
        if !isSession { reader.report("AWS_ROLE_SESSION_NAME must be 2 to 64 letters, digits or _+=,.@-") }
        let file = tokenFile("AWS_WEB_IDENTITY_TOKEN_FILE", path, reader)
        let domain = "amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
        let url = url(reader, "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL", default: "https://sts.\(region).\(domain)")
        guard let url, let file, isRole, isSession, !role.isEmpty else { return nil }
        return .webIdentity(WebIdentity(url: url + "/", role: role, session: session, token: file))
    }

    private static func container(_ url: String, _ reader: SettingsReader) -> Self? {
        // Before the token itself, whose reader would read the file only once.
        if let path = reader.string("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            return tokenFile("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, reader).map {
                .container(ContainerCredentials(url: url, authorization: .file($0)))
            }
        }
        guard let token = reader.string("AWS_CONTAINER_AUTHORIZATION_TOKEN") else {
            return .container(ContainerCredentials(url: url, authorization: .none))
        }
        guard TokenFile.isToken(token) else {
            reader.report("AWS_CONTAINER_AUTHORIZATION_TOKEN must be printable ASCII")
            return nil
        }
        return .container(ContainerCredentials(url: url, authorization: .token(token)))
    }

    private static func instance(_ reader: SettingsReader) -> Self? {
        let mode = reader.string("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased() ?? "ipv4"
        if mode != "ipv4", mode != "ipv6" {
            reader.report("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6")
            return nil
        }
        let address = mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        return url(reader, "AWS_EC2_METADATA_SERVICE_ENDPOINT", default: address).map {
            .instance(InstanceMetadata(url: $0))
        }
    }

    private static func tokenFile(_ setting: String, _ path: String, _ reader: SettingsReader) -> TokenFile? {
        guard FileManager.default.isReadableFile(atPath: path) else {
            reader.report("\(setting) names a file that cannot be read")
            return nil
        }
        return TokenFile(setting: setting, path: path)
    }

    /// Returns the URL of the first setting that is set, without `/` at the end.
    private static func url(_ reader: SettingsReader, _ names: String..., default fallback: String) -> String? {
        guard let (name, text) = names.lazy.compactMap({ name in reader.string(name).map { (name, $0) } }).first else {
            return fallback
        }
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false, parts.user == nil, parts.password == nil, parts.query == nil,
            parts.fragment == nil, text.isPrintableASCII
        else {
            reader.report("\(name) must be an http or https URL without credentials or query")
            return nil
        }
        return String(text.reversed().drop { $0 == "/" }.reversed())
    }
}

import Foundation
import Pipeline
import Settings
import TestSupport
import Testing

/// Which source the settings name.
@Suite struct CredentialSourceTests {
    private static let key = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "5ec4e7"]
    private static let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"]

    private static func webIdentity(_ folder: TemporaryFolder) throws -> [String: String] {
        try Data("5ec4e7".utf8).write(to: URL(fileURLWithPath: folder.path + "/token"))
        return ["AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": folder.path + "/token"]
    }

    /// The source, and all that is said about its faults. Neither may contain a value.
    private static func read(_ settings: [String: String]...) -> (CredentialSource?, String) {
        let reader = SettingsReader(environment: settings.reduce(into: [:]) { $0.merge($1) { $1 } })
        let source = CredentialSource.read(reader, region: "eu-central-1")
        var shown = "\(String(describing: source))"
        dump(source, to: &shown)
        var faults = ""
        do { try reader.finish() } catch { faults = "\(error)" }
        #expect(!shown.contains("5ec4e7") && !faults.contains("5ec4e7"))
        #expect((source == nil) == !faults.isEmpty, "\(faults)")
        return (source, faults)
    }

    @Test func `a fixed key comes first, then web identity, then the container, then the instance`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let identity = try Self.webIdentity(folder)
        let all = [Self.key, identity, Self.container]
        let names = [
            "AWS_ACCESS_KEY_ID", "the role AWS_ROLE_ARN, by web identity", "the container's role",
            "the instance's role",
        ]
        for count in 0...3 {
            let settings = all[count...].reduce(into: [String: String]()) { $0.merge($1) { $1 } }
            #expect(Self.read(settings).0?.name == names[count])
        }
        // What comes later counts for nothing, not even its faults.
        let wrong = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "nonsense"]
        #expect(Self.read(Self.key, wrong).0?.name == names[0])
        // A role without a token is for others.
        #expect(Self.read(["AWS_ROLE_ARN": "arn:aws:iam::1:role/x"]).0?.name == names[3])
    }

    @Test func `where instance metadata is disabled, a key is asked for`() {
        for value in ["true", "TRUE"] {
            let (source, faults) = Self.read(["AWS_EC2_METADATA_DISABLED": value])
            #expect(source == nil && faults.contains("AWS_ACCESS_KEY_ID is not set"))
        }
        #expect(Self.read(["AWS_EC2_METADATA_DISABLED": "false"]).0 != nil)
    }

    @Test func `half a key is a mistake, whatever else there is`() {
        #expect(Self.read(["AWS_ACCESS_KEY_ID": "AKID"], Self.container).1.contains("AWS_SECRET_ACCESS_KEY is not set"))
        #expect(Self.read(["AWS_SECRET_ACCESS_KEY": "5ec4e7"]).1.contains("AWS_ACCESS_KEY_ID is not set"))
        #expect(Self.read(["AWS_SESSION_TOKEN": "5ec4e7"]).1.contains("AWS_ACCESS_KEY_ID is not set"))
    }

    @Test func `what is wrong with a role's settings is told`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let identity = try Self.webIdentity(folder)
        for (name, value) in [
            ("AWS_ROLE_ARN", ""), ("AWS_ROLE_ARN", "arn 5ec4e7"), ("AWS_ROLE_SESSION_NAME", "5ec4e7 x"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/5ec4e7"), ("AWS_ENDPOINT_URL_STS", "https://me:5ec4e7@x"),
            ("AWS_ENDPOINT_URL_STS", "ftp://x"), ("AWS_ENDPOINT_URL", "https://x/?5ec4e7"),
        ] {
            #expect(Self.read(identity, [name: value]).1.contains(name), "\(name)")
        }
        for (name, value) in [
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.org/5ec4e7"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/5ec4e7 x"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "5ec4e7\r\nHost: x"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere/5ec4e7"),
        ] {
            #expect(Self.read(Self.container, [name: value]).1.contains(name), "\(name)")
        }
        for (name, value) in [
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "5ec4e7"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "5ec4e7"),
        ] {
            #expect(Self.read([name: value]).1.contains(name), "\(name)")
        }
        #expect(Self.read(["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"]).0 != nil)
    }

    @Test func `a container's token may be a setting of its own, and its file comes first`() {
        #expect(Self.read(Self.container, ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic 5ec4e7"]).0 != nil)
        let both = [
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "5ec4e7", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/dev/null",
        ]
        #expect(Self.read(Self.container, both).0 != nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:80/x", true), ("http://127.9.9.9/x", true), ("http://localhost:1/x", true),
        ("http://[::1]/x", true), ("http://169.254.170.2/v2/x", true), ("http://169.254.170.23/v1/credentials", true),
        ("http://[fd00:ec2::23]/v1/credentials", true), ("https://keys.example/x", true),
        ("http://keys.example/x", false), ("http://10.0.0.1/x", false), ("http://169.254.169.254/x", false),
        ("http://128.0.0.1/", false), ("http://127.0.0.1.example.org/", false), ("https://me:5ec4e7@x/", false),
        ("ftp://127.0.0.1/", false), ("/v2/x", false), ("http://", false),
    ])
    func `a container's keys come from this machine, from AWS's agents, or over TLS`(_ url: String, _ isPermitted: Bool)
    {
        #expect((Self.read(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]).0 != nil) == isPermitted)
    }
}

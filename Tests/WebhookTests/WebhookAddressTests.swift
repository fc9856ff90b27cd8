import Egress
import Logging
import Pipeline
import TestSupport
import Testing
import WebhookReceiver

@Suite(.timeLimit(.minutes(10))) struct WebhookAddressTests {
    private static func check(_ url: String, allowing: String = "") async throws {
        let egress = EgressClient(
            configuration: EgressConfiguration(addressPolicy: try AddressPolicy(allowing: allowing)),
            logger: Logger(label: "test"))
        do {
            try await WebhookAddress(egress: egress).check(url)
            await egress.close()
        } catch {
            await egress.close()
            throw error
        }
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
        "[64:ff9b::10.0.0.1]", "[2002:7f00:1::]", "10.0.0.1", "169.254.169.254", "192.168.0.1", "[fd00:ec2::254]",
        "[fe80::1]", "LOCALHOST", "%31%32%37.0.0.1",
    ])
    func `private addresses are refused in every spelling, and nobody is connected to`(host: String) async throws {
        let canary = try WebhookReceiver()
        await #expect(throws: WebhookAddressError.notPublic) {
            try await Self.check("http://\(host):\(canary.port)/")
        }
        #expect(canary.connections == 0)
    }

    @Test(arguments: [
        "", "nonsense", "ftp://example.org/", "file:///etc/passwd", "http://", "https://user@example.org/",
        "https://user:secret@example.org/", "https://:secret@example.org/", "http://exa mple.org/", "http://a\nb/",
        "https://example.org/" + String(repeating: "x", count: 2048), "gopher://127.0.0.1/",
    ])
    func `what is no address for a webhook is refused`(url: String) async {
        await #expect(throws: WebhookAddressError.malformed) { try await Self.check(url) }
    }

    @Test(arguments: [
        "http://203.0.114.7/hook?key=value", "https://93.184.216.34:8443/", "http://no-such-host.invalid/",
        "https://[2606:2800:220:1::1]/x",
    ])
    func `a public address passes, and so does a name that does not resolve yet`(url: String) async throws {
        try await Self.check(url)
    }

    @Test func `what the operator allows passes, without a connection`() async throws {
        let receiver = try WebhookReceiver()
        try await Self.check(receiver.url, allowing: "127.0.0.0/8")
        #expect(receiver.connections == 0)
    }

    @Test(arguments: ["localhost", "127.0.0.1", "0x7f.1"])
    func `a name that leads to a private address by the time of the try gets no connection`(host: String) async throws {
        let canary = try WebhookReceiver()
        try await DeliveryScene.run(allowing: "") { scene in
            // As if it had been public when it was given.
            let job = try await scene.end(telling: "http://\(host):\(canary.port)/")
            try await scene.deliver()
            #expect(try await scene.attempts(job).map(\.error) == [.addressRefused])
            #expect(canary.connections == 0)
        }
    }
}

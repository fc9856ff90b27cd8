import Egress
import Logging
import Pipeline
import TestSupport
import Testing
import WebhookReceiver

@Suite struct WebhookAddressTests {
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
}

import API
import Testing

@Suite struct TrustedProxiesTests {
    private static func client(_ proxies: String, peer: String?, _ forwardedFor: String?) throws -> String {
        try TrustedProxies(proxies).client(peer: peer, forwardedFor: forwardedFor).host
    }

    @Test func `a stranger's word about the address is not believed`() throws {
        #expect(try Self.client("", peer: "203.0.113.9", "192.0.2.1") == "203.0.113.9")
        #expect(try Self.client("10.0.0.0/8", peer: "203.0.113.9", "192.0.2.1") == "203.0.113.9")
    }

    @Test func `behind our proxies it is the last address that is none of ours`() throws {
        let ours = "10.0.0.0/8, 2001:db8:1::/48 127.0.0.1"
        #expect(try Self.client(ours, peer: "10.0.0.1", "192.0.2.1") == "192.0.2.1")
        #expect(try Self.client(ours, peer: "10.0.0.1", "1.1.1.1, 192.0.2.1, 10.9.9.9") == "192.0.2.1")
        #expect(try Self.client(ours, peer: "2001:db8:1::5", "192.0.2.1,127.0.0.1") == "192.0.2.1")
        #expect(try Self.client(ours, peer: "::ffff:10.0.0.1", "::ffff:192.0.2.1") == "192.0.2.1")
        #expect(try Self.client(ours, peer: "10.0.0.1", "2001:DB8:2::0001") == "2001:db8:2::1")
        #expect(try Self.client(ours, peer: "10.0.0.1", "192.0.2.1:4711") == "192.0.2.1")
        #expect(try Self.client(ours, peer: "10.0.0.1", "[2001:db8:2::1]:4711") == "2001:db8:2::1")
    }

    @Test func `where the list ends or is nonsense, the last proxy stands for the client`() throws {
        #expect(try Self.client("10.0.0.0/8", peer: "10.0.0.1", nil) == "10.0.0.1")
        #expect(try Self.client("10.0.0.0/8", peer: "10.0.0.1", "") == "10.0.0.1")
        #expect(try Self.client("10.0.0.0/8", peer: "10.0.0.1", "10.0.0.2, 10.0.0.3") == "10.0.0.2")
        #expect(try Self.client("10.0.0.0/8", peer: "10.0.0.1", "192.0.2.1, unknown, 10.0.0.3") == "10.0.0.3")
        #expect(try Self.client("10.0.0.0/8", peer: nil, "192.0.2.1") == "unknown")
    }

    @Test func `an IPv6 client is one with its neighbors of the same sixty-four bits`() {
        let proxies = TrustedProxies.none
        let first = proxies.client(peer: "2001:db8::1", forwardedFor: nil)
        let second = proxies.client(peer: "2001:db8::2", forwardedFor: nil)
        #expect(first.host != second.host)
        #expect(first.network == second.network)
        #expect(first.network != proxies.client(peer: "2001:db8:0:1::1", forwardedFor: nil).network)
        #expect(proxies.client(peer: "192.0.2.1", forwardedFor: nil).network == "192.0.2.1")
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.1/8", "proxy.example", "10.0.0.1;10.0.0.2"])
    func `what is no list of blocks is a fault`(list: String) {
        #expect(throws: (any Error).self) { try TrustedProxies(list) }
    }
}

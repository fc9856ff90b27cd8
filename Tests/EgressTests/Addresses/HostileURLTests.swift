import Addresses
import Egress
import Foundation
import MediaSimulator
import Synchronization
import TestSupport
import Testing

/// Customers' URLs that lead where they must not, through the client and through the proxy: a canary listens on all addresses of this
/// machine, and hears nothing.
@Suite struct HostileURLTests {
    @Test func `there are more than sixty of them`() {
        #expect(HostileURLs.all(port: 1).count > 90)
    }

    @Test func `not one of them gets a connection from the client`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        try await withClient { client async throws in
            for url in HostileURLs.all(port: canary.port) {
                let error = await #expect(throws: EgressError.self, "\(url)") {
                    try await client.send(
                        .get(url, limits: .total(.seconds(10)), redirects: 5, trust: .customerSupplied))
                }
                // Some are no address to the parser; none is anything else than refused.
                let isRefusal =
                    switch error {
                    case .refusedAddress, .badURL, .unsupportedScheme, .couldNotResolve: true
                    default: false
                    }
                #expect(isRefusal, "\(url): \(String(describing: error))")
            }
        }
        #expect(canary.accepts == 0)
    }

    @Test func `a literal address is told from its spelling alone`() throws {
        for host in HostileURLs.ownHosts + HostileURLs.privateHosts {
            // What libcurl does not take for a host is as good as refused.
            guard let url = try? EgressURL("http://\(host):80/") else { continue }
            #expect(url.isRefused(by: AddressPolicy()), "\(host)")
        }
        for host in [
            "example.org", "8.8.8.8", "[2606:4700::1111]", "127.0.0.1.example.org", "0x7f.example.org", "münchen.de",
        ] {
            #expect(try !EgressURL("http://\(host)/").isRefused(by: AddressPolicy()), "\(host)")
        }
        #expect(try EgressURL("http://a:b@example.org/").hasCredentials)
        #expect(try EgressURL("http://a@example.org/").hasCredentials)
        #expect(try !EgressURL("http://example.org/?a:b@c").hasCredentials)
        #expect(try EgressURL("https://example.org/a/b%20c.mp3?x=/d").lastPathComponent == "b c.mp3")
    }

    @Test func `no redirect of any kind leads to one of them`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        let site = try MediaSimulator(at: "127.0.0.9")
        // Where the site itself is may be reached, and nothing else of this machine.
        let configuration = EgressConfiguration(addressPolicy: AddressPolicy(allowed: [try CIDR("127.0.0.9")]))
        try await withClient(configuration) { client async throws in
            for url in HostileURLs.all(port: canary.port) {
                for status in [301, 302, 303, 307, 308] {
                    site["/"] = .redirect(to: url, status: status)
                    let answer = try? await client.send(
                        .get(site.url + "/", limits: .total(.seconds(10)), redirects: 5, trust: .customerSupplied))
                    // Some are relative: a path of the site's own, where there is nothing.
                    #expect(answer.map { $0.status == 404 } ?? true, "\(status) \(url)")
                }
            }
            site["/twice"] = .redirect(to: "/")
            site["/"] = .redirect(to: "http://127.0.0.2:\(canary.port)/")
            await #expect(throws: EgressError.refusedAddress("127.0.0.2")) {
                try await client.send(.get(site.url + "/twice", redirects: 5, trust: .customerSupplied))
            }
        }
        #expect(canary.accepts == 0)
        #expect(site.connections > 0)
    }

    @Test func `no name gets one that leads to any of their addresses, from the client or through the proxy`()
        async throws
    {
        let canary = try LoopbackListener(address: nil) { _ in }
        for address in HostileURLs.addresses {
            var configuration = EgressConfiguration()
            configuration.resolver = Self.changing(address)
            let url = "http://name.example:\(canary.port)/"
            try await withClient(configuration) { client async throws in
                let error = await #expect(throws: EgressError.self, "\(address)") {
                    try await client.send(.get(url, trust: .customerSupplied))
                }
                if case .refusedAddress = error {} else { Issue.record("\(address): \(String(describing: error))") }
            }
            let proxy = try FilteringProxy(
                policy: AddressPolicy(), resolver: Self.changing(address), limits: .init(bytes: 1 << 20))
            try await onThread { () throws -> Void in
                for request in ["CONNECT name.example:\(canary.port)", "GET \(url)"] {
                    #expect(try Self.ask(proxy, "\(request) HTTP/1.1").hasPrefix("HTTP/1.1 403"), "\(address)")
                }
            }
        }
        #expect(canary.accepts == 0)
    }

    /// Answers with another address each time it is asked.
    private static func changing(_ addresses: String...) -> NameResolver {
        let left = Mutex(addresses.compactMap(IPAddress.init))
        return NameResolver { _ in left.withLock { [$0.count > 1 ? $0.removeFirst() : $0[0]] } }
    }

    @Test func `a name that changes its address after it was judged is judged again`() async throws {
        let site = try MediaSimulator(["/": .init(body: [1], framing: .close)])
        let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
        var configuration = EgressConfiguration(addressPolicy: AddressPolicy(allowed: [try CIDR("127.0.0.1")]))
        configuration.resolver = Self.changing("127.0.0.1", "127.0.0.2")
        try await withClient(configuration) { client async throws in
            let first = EgressRequest.get("http://rebinding.example:\(site.port)/", trust: .customerSupplied)
            #expect(try await client.send(first).status == 200)
            let second = EgressRequest.get("http://rebinding.example:\(canary.port)/", trust: .customerSupplied)
            await #expect(throws: EgressError.refusedAddress("127.0.0.2")) { try await client.send(second) }
        }
        #expect(canary.accepts == 0)
    }

    @Test func `of a name's addresses only the permitted ones are tried`() async throws {
        let site = try MediaSimulator(["/": .init(body: [1])])
        var configuration = EgressConfiguration(addressPolicy: AddressPolicy(allowed: [try CIDR("127.0.0.1")]))
        configuration.resolver = NameResolver { _ in ["127.0.0.3", "127.0.0.1"].compactMap(IPAddress.init) }
        let status = try await withClient(configuration) {
            try await $0.send(.get("http://two.example:\(site.port)/", trust: .customerSupplied)).status
        }
        #expect(status == 200)
    }

    /// What the proxy answers to a head of its own client's.
    private static func ask(_ proxy: FilteringProxy, _ head: String) throws -> String {
        let client = try LoopbackSocket(port: proxy.port)
        try client.send("\(head)\r\nHost: example.org\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
        return String(decoding: client.receiveAll(), as: UTF8.self)
    }

    @Test func `where one address of a name is refused and the other is down, that may pass`() async throws {
        let site = try MediaSimulator(["/down": .redirect(to: "http://127.0.0.1:1/")])
        var configuration = EgressConfiguration(addressPolicy: AddressPolicy(allowed: [try CIDR("127.0.0.1")]))
        configuration.resolver = NameResolver { _ in ["127.0.0.3", "127.0.0.1"].compactMap(IPAddress.init) }
        try await withClient(configuration) { client async throws in
            await #expect(throws: EgressError.couldNotConnect) {
                try await client.send(.get("http://two.example:1/", trust: .customerSupplied))
            }
            // What was refused on the way to one host says nothing of the next, which is reached and only down.
            await #expect(throws: EgressError.couldNotConnect) {
                let url = "http://two.example:\(site.port)/down"
                return try await client.send(.get(url, redirects: 5, trust: .customerSupplied))
            }
        }
        configuration.resolver = NameResolver { _ in ["127.0.0.3", "127.0.0.4"].compactMap(IPAddress.init) }
        let refusal = try await withClient(configuration) { client async throws in
            await #expect(throws: EgressError.self) {
                try await client.send(.get("http://two.example:1/", trust: .customerSupplied))
            }
        }
        #expect([.refusedAddress("127.0.0.3"), .refusedAddress("127.0.0.4")].contains(refusal))
    }

    @Test func `not one of them gets a connection through the proxy`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        let proxy = try FilteringProxy(policy: AddressPolicy(), limits: .init(bytes: 1 << 20, connect: .seconds(1)))
        let hosts = HostileURLs.ownHosts + HostileURLs.privateHosts
        let requests =
            hosts.flatMap { ["CONNECT \($0):\(canary.port)", "GET http://example.org@\($0):\(canary.port)/"] }
            + HostileURLs.all(port: canary.port).flatMap { ["GET \($0)", "CONNECT \($0)"] }
        try await onThread { () throws -> Void in
            for request in requests {
                let answer = try Self.ask(proxy, "\(request) HTTP/1.1")
                #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5"), "\(request): \(answer)")
            }
        }
        #expect(canary.accepts == 0)
        #expect(proxy.report.hasRefused)
    }

    @Test func `a name that changes its address between two connections through the proxy is judged at each`()
        async throws
    {
        let site = try MediaSimulator(["/": .init(body: [1])])
        let canary = try LoopbackListener(address: "127.0.0.2") { _ in }
        let proxy = try FilteringProxy(
            policy: AddressPolicy(allowed: [try CIDR("127.0.0.1")]), resolver: Self.changing("127.0.0.1", "127.0.0.2"),
            limits: .init(bytes: 1 << 20))
        try await onThread { () throws -> Void in
            for (port, isReached) in [(site.port, true), (canary.port, false)] {
                let client = try LoopbackSocket(port: proxy.port)
                try client.send(
                    "GET http://rebinding.example:\(port)/ HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n"
                )
                #expect(String(decoding: client.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200") == isReached)
            }
        }
        #expect(canary.accepts == 0)
    }
}

extension FilteringProxy {
    /// What its own client sends.
    var authorization: String {
        let credentials = url.dropFirst("http://".count).prefix { $0 != "@" }
        return "Basic " + Data(credentials.utf8).base64EncodedString()
    }
}

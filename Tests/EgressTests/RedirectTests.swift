import Addresses
import Egress
import Testing

@Suite struct RedirectTests {
    /// Leads from `/n` to `/n-1`, and from `/to/…` to wherever that says.
    private static func chain() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let path = try connection.readRequest().target.dropFirst()
                if let number = Int(path), number > 0 {
                    try connection.respond(302, headers: ["Location: /\(number - 1)"], body: "moved")
                } else if path.hasPrefix("to/") {
                    try connection.respond(302, headers: ["Location: \(path.dropFirst(3))"])
                } else {
                    try connection.respond(body: "there")
                }
            }
        }
    }

    @Test func `a redirect is an answer where none is to be followed`() async throws {
        let server = try Self.chain()
        let response = try await withClient { try await $0.send(.get(server.url + "/1")) }
        #expect(response.status == 302)
        #expect(response.headers["location"] == "/0")
        #expect(String(decoding: response.body, as: UTF8.self) == "moved")
    }

    @Test func `as many redirects are followed as may be, and only the last answer counts`() async throws {
        let server = try Self.chain()
        try await withClient { client async throws in
            let response = try await client.send(.get(server.url + "/3", redirects: 3))
            #expect(response.status == 200)
            #expect(response.headers["location"] == nil)
            #expect(String(decoding: response.body, as: UTF8.self) == "there")
            await #expect(throws: EgressError.tooManyRedirects) {
                try await client.send(.get(server.url + "/4", redirects: 3))
            }
        }
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "javascript:alert(1)"])
    func `a redirect leads to no other scheme`(target: String) async throws {
        let server = try Self.chain()
        try await withClient { client async throws in
            await #expect(throws: EgressError.unsupportedScheme) {
                try await client.send(.get(server.url + "/to/" + target, redirects: 3))
            }
        }
    }

    @Test func `a customer's URL is not redirected to a refused address`() async throws {
        let canary = try ScriptedServer(address: "127.0.0.2") { _ in }
        let server = try Self.chain()
        let policy = AddressPolicy(allowed: [try CIDR("127.0.0.1")])
        try await withClient(EgressConfiguration(addressPolicy: policy)) { client async throws in
            for form in ["127.0.0.2", "0x7f000002", "2130706434", "0177.0.0.2", "127.2", "[::ffff:127.0.0.2]"] {
                let target = server.url + "/to/http://\(form):\(canary.port)/"
                await #expect(throws: EgressError.self, "\(form)") {
                    try await client.send(.get(target, redirects: 3, trust: .customerSupplied))
                }
            }
            await #expect(throws: EgressError.refusedAddress("127.0.0.2")) {
                let target = server.url + "/to/http://127.0.0.2:\(canary.port)/"
                return try await client.send(.get(target, redirects: 3, trust: .customerSupplied))
            }
        }
        #expect(canary.accepts == 0)
    }

    @Test func `credentials stay with the host they were meant for`() async throws {
        let mail = Mail<ServerConnection.Request>()
        let other = try ScriptedServer { connection in
            mail.send(try connection.readRequest())
            try connection.respond()
        }
        let server = try Self.chain()
        var request = EgressRequest.get(server.url + "/to/" + other.url, redirects: 1)
        request.headers = [("Authorization", "Bearer secret"), ("Cookie", "secret=1")]
        _ = try await withClient { [request] in try await $0.send(request) }
        let seen = try await mail.next()
        #expect(!seen.headerLines.joined().contains("secret"))
    }
}

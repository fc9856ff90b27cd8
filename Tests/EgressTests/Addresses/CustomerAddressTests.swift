import Egress
import TestSupport
import Testing

@Suite struct CustomerAddressTests {
    @Test(arguments: ["10.0.0.1", "169.254.169.254", "192.168.0.1", "[fd00:ec2::254]", "[fe80::1]", "224.0.0.1"])
    func `private and metadata addresses are refused by name, at once`(host: String) async throws {
        try await withClient { client async throws in
            let address = host.trimmingPrefix("[").prefix { $0 != "]" }
            await #expect(throws: EgressError.refusedAddress(String(address))) {
                try await client.send(.get("http://\(host)/", trust: .customerSupplied))
            }
        }
    }

    @Test func `an address that the operator allows is connected to`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(204)
        }
        let configuration = EgressConfiguration(addressPolicy: try AddressPolicy(allowing: "10.0.0.0/8, 127.0.0.0/8"))
        let response = try await withClient(configuration) {
            try await $0.send(.get(server.url, trust: .customerSupplied))
        }
        #expect(response.status == 204)
    }

    @Test func `a connection kept for the operator's service is not lent to a customer's URL`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond()
            }
        }
        try await withClient { client async throws in
            #expect(try await client.send(.get(server.url)).status == 200)
            await #expect(throws: EgressError.refusedAddress("127.0.0.1")) {
                try await client.send(.get(server.url, trust: .customerSupplied))
            }
            #expect(try await client.send(.get(server.url)).status == 200)
        }
        #expect(server.accepts == 1)
    }

    @Test func `a customer's request has no way to a Unix socket`() async throws {
        try await TemporaryFolder.with { folder in
            let canary = try ScriptedServer(unixPath: folder + "/s") { _ in }
            var request = EgressRequest.get("http://localhost/", trust: .customerSupplied)
            request.unixSocketPath = folder + "/s"
            try await withClient { [request] client async throws in
                await #expect(throws: EgressError.refusedAddress("a Unix socket")) { try await client.send(request) }
            }
            #expect(canary.accepts == 0)
        }
    }
}

import Egress
import Synchronization
import TestSupport
import Testing

@Suite struct OwnConnectionTests {
    private static func request(_ url: String) -> EgressRequest {
        var request = EgressRequest.post(url, .bytes(Array("once".utf8)))
        request.ownConnection = true
        return request
    }

    @Test func `a request with a connection of its own neither uses a kept one nor leaves one`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond()
            }
        }
        try await withClient { client async throws in
            #expect(try await client.send(.get(server.url)).status == 200)
            #expect(try await client.send(Self.request(server.url)).status == 200)
            #expect(try await client.send(Self.request(server.url)).status == 200)
            #expect(server.accepts == 3)
        }
    }

    @Test func `it goes out once, also when the connection closes without an answer`() async throws {
        let server = try ScriptedServer { connection in _ = try connection.readRequest() }
        try await withClient { client async throws in
            await #expect(throws: EgressError.connectionLost) { try await client.send(Self.request(server.url)) }
        }
        #expect(server.accepts == 1)
    }

    @Test func `an answer whose body is not needed is one as soon as its header has come`() async throws {
        for ending in ["", String(repeating: "x", count: 100_000)] {
            let server = try ScriptedServer { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 201 Created\r\nContent-Length: 2000000000\r\n\r\n" + ending)
                if !ending.isEmpty { connection.waitForEnd() }
            }
            var request = Self.request(server.url)
            request.needsBody = false
            request.limits.responseBytes = 65_536
            let response = try await withClient { [request] in try await $0.send(request) }
            #expect(response.status == 201)
            #expect(response.body.isEmpty)
        }
    }

    @Test func `a body that is not needed is not waited for`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
            connection.waitForEnd()
        }
        var request = Self.request(server.url)
        request.needsBody = false
        request.limits.total = .seconds(3600)
        try await withClient { [request] client in
            let seen = Seen()
            async let sending: Void = seen.note(try await client.send(request).status)
            try await eventually("the answer is there", within: 15) { seen.status != nil }
            try await sending
            #expect(seen.status == 200)
        }
    }

    /// What a request in the background was answered.
    private final class Seen: Sendable {
        private let last = Mutex<Int?>(nil)

        var status: Int? { last.withLock(\.self) }

        func note(_ status: Int) { last.withLock { $0 = status } }
    }

    @Test func `without a whole header there is no answer`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nX-Half: ")
        }
        var request = Self.request(server.url)
        request.needsBody = false
        try await withClient { [request] client async throws in
            await #expect(throws: EgressError.self) { try await client.send(request) }
        }
    }

    @Test func `a URL is judged without a request, also where a connection was kept`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "x")
            }
        }
        let allowing = EgressConfiguration(addressPolicy: try AddressPolicy(allowing: "127.0.0.1"))
        try await withClient(allowing) { client async throws in
            var request = EgressRequest.get(server.url)
            request.trust = .customerSupplied
            #expect(try await client.send(request).status == 200)
            try await client.judge(customerURL: server.url + "/hook", within: .seconds(5))
            // The kept one is free for what comes next.
            #expect(try await client.send(request).status == 200)
        }
        #expect(server.accepts == 1)
    }

    @Test func `a URL is judged without a connection`() async throws {
        let canary = try ScriptedServer { _ in }
        let allowing = EgressConfiguration(addressPolicy: try AddressPolicy(allowing: "127.0.0.1"))
        try await withClient(allowing) { try await $0.judge(customerURL: canary.url, within: .seconds(5)) }
        try await withClient { client async throws in
            for url in [canary.url, "http://localhost:\(canary.port)/"] {
                let error = await #expect(throws: EgressError.self) {
                    try await client.judge(customerURL: url, within: .seconds(5))
                }
                if case .refusedAddress = error {} else { Issue.record("\(String(describing: error))") }
            }
            await #expect(throws: EgressError.badURL) {
                try await client.judge(customerURL: "http://a:b@example.org/", within: .seconds(5))
            }
        }
        #expect(canary.accepts == 0)
    }
}

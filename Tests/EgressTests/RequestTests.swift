import Egress
import Foundation
import Logging
import TestSupport
import Testing

@Suite struct RequestTests {
    @Test(arguments: [
        "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "dict://127.0.0.1/", "FILE:///x",
        "javascript://x", "smb://127.0.0.1/", "data://x/",
    ])
    func `only http and https are spoken`(url: String) async throws {
        try await withClient { client async throws in
            await #expect(throws: EgressError.unsupportedScheme) { try await client.send(.get(url)) }
        }
    }

    @Test(arguments: [
        "", "http", "http://", "//host/", "/path", "example.org", "http://a b/", "http://a\r\nHost:b/",
        "http://a/\u{0}", "http://[::1", "http://a:99999/", "http://a:b/", " http://a/", "http://a/\u{7f}", "http://@/",
    ])
    func `a URL that is none is refused as such`(url: String) async throws {
        try await withClient { client async throws in
            await #expect(throws: EgressError.badURL) { try await client.send(.get(url)) }
        }
    }

    @Test func `nothing in a request can break out of its place`() async throws {
        let server = try ScriptedServer { _ in }
        var requests: [EgressRequest] = []
        func add(_ change: (inout EgressRequest) -> Void) {
            var request = EgressRequest.post(server.url, .bytes([]))
            change(&request)
            requests.append(request)
        }
        add { $0.method = "GET / HTTP/1.1\r\nX:" }
        add { $0.method = "" }
        add { $0.method = "GET" }
        add { $0.method = "HEAD" }
        add { $0.headers = [("X", "a\r\nY: b")] }
        add { $0.headers = [("X\r\nY", "a")] }
        add { $0.headers = [("X: y", "a")] }
        add { $0.headers = [("", "a")] }
        add { $0.headers = [("X", "a\0b")] }
        add { $0.headers = [("content-LENGTH", "3")] }
        add { $0.headers = [("Transfer-Encoding", "chunked")] }
        add { $0.body = .multipart([EgressPart(name: "a\r\nb", value: "")]) }
        add { $0.body = .multipart([EgressPart(name: "a", contentType: "x\r\ny: z", content: .bytes([]))]) }
        add { $0.body = .multipart([EgressPart(name: "a", filename: "x\0y", content: .bytes([]))]) }
        add { $0.unixSocketPath = "" }
        add { $0.unixSocketPath = String(repeating: "x", count: 108) }
        try await withClient { client async throws in
            for request in requests {
                let error = await #expect(throws: EgressError.self) { try await client.send(request) }
                guard case .badRequest = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
        #expect(server.accepts == 0)
    }

    @Test func `logs hold the method, host, outcome and time, and no more`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(500, headers: ["X-A: heard-secret"], body: "body-secret")
            }
        }
        let log = CapturedLog()
        let client = EgressClient(logger: Logger(label: "egress") { _ in log })
        var request = EgressRequest.post(
            "http://user:password@127.0.0.1:\(server.port)/path-secret?token=secret", .bytes(Array("sent".utf8)))
        request.headers = [("Authorization", "Bearer secret")]
        _ = try await client.send(request)
        let unreachable = EgressRequest.get("http://user:password@127.0.0.1:1/path-secret?token=secret")
        await #expect(throws: EgressError.couldNotConnect) { try await client.send(unreachable) }
        await client.close()
        let entries = log.entries
        #expect(entries.count == 2)
        for entry in entries {
            #expect(entry.level == .debug)
            #expect(Set(entry.metadata.keys) == ["method", "host", "outcome", "ms"])
            #expect(entry.metadata["host"] == "127.0.0.1")
            #expect(!"\(entry)".contains("secret"))
            #expect(!"\(entry)".contains("password"))
        }
        #expect(entries.compactMap { $0.metadata["outcome"] } == ["500", "could not connect"])
    }
}

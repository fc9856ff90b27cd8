import Dispatch
import Egress
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct ExchangeTests {
    @Test func `a request arrives as stated and its answer comes back whole`() async throws {
        let mail = Mail<ServerConnection.Request>()
        let server = try ScriptedServer { connection in
            mail.send(try connection.readRequest())
            try connection.respond(418, headers: ["X-Kind: tea", "x-kind: pot", "X-Blank:  spaced \t "], body: "short")
        }
        var request = EgressRequest.post(server.url + "/a%20b?key=1", .bytes(Array("hello".utf8)))
        request.headers = [("Authorization", "Bearer x"), ("X-Empty", ""), ("Content-Type", "text/plain")]
        let response = try await withClient { [request] in try await $0.send(request) }
        #expect(response.status == 418)
        #expect(!response.isSuccess)
        #expect(response.headers["x-KIND"] == "tea")
        #expect(response.headers.fields.filter { $0.name.lowercased() == "x-kind" }.map(\.value) == ["tea", "pot"])
        #expect(response.headers["x-blank"] == "spaced")
        #expect(response.headers["absent"] == nil)
        #expect(String(decoding: response.body, as: UTF8.self) == "short")
        let seen = try await mail.next()
        #expect(seen.method == "POST")
        #expect(seen.target == "/a%20b?key=1")
        #expect(seen.text == "hello")
        #expect(seen.headers["authorization"] == "Bearer x")
        #expect(seen.headers["x-empty"] == "")
        #expect(seen.headers["content-type"] == "text/plain")
        #expect(seen.headers["user-agent"] == "Verbatim")
        #expect(seen.headers["expect"] == nil)
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    func `each method without a body is sent as itself`(method: String) async throws {
        let mail = Mail<ServerConnection.Request>()
        let server = try ScriptedServer { connection in
            mail.send(try connection.readRequest())
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n")
            connection.waitForEnd()
        }
        // Only a HEAD may announce a length that it does not send.
        let request = EgressRequest.post(server.url, .none, method: method)
        try await withClient { client async throws in
            if method == "HEAD" {
                #expect(try await client.send(request).status == 200)
            } else {
                await #expect(throws: EgressError.responseTooLarge(limit: 1 << 20)) { try await client.send(request) }
            }
        }
        let seen = try await mail.next()
        #expect(seen.method == method)
        #expect(seen.headers["content-type"] == nil)
        #expect(seen.headers["content-length"] == (["POST", "PUT"].contains(method) ? "0" : nil))
    }

    @Test(arguments: ["PUT", "PATCH", "DELETE"])
    func `a body goes with other methods too`(method: String) async throws {
        let mail = Mail<ServerConnection.Request>()
        let server = try ScriptedServer { connection in
            mail.send(try connection.readRequest())
            try connection.respond()
        }
        try await withClient { _ = try await $0.send(.post(server.url, .bytes([1, 2, 3]), method: method)) }
        let seen = try await mail.next()
        #expect(seen.method == method)
        #expect(seen.body == [1, 2, 3])
        #expect(seen.headers["transfer-encoding"] == nil)
    }

    @Test func `a chunked answer is put together, and its trailer changes no header`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n")
            try connection.send("HTTP/1.1 200 OK\r\nX-Real: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.send("5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Late: 1\r\n\r\n")
        }
        let response = try await withClient { try await $0.send(.get(server.url)) }
        #expect(String(decoding: response.body, as: UTF8.self) == "hello, world")
        #expect(response.headers["x-real"] == "1")
        #expect(response.headers["x-early"] == nil)
        #expect(response.headers["x-late"] == nil)
    }

    @Test func `a Unix socket is spoken to, and its connection kept`() async throws {
        try await TemporaryFolder.with { folder in
            let server = try ScriptedServer(unixPath: folder + "/s") { connection in
                while true {
                    let request = try connection.readRequest()
                    try connection.respond(body: request.target + " " + (request.headers["host"] ?? ""))
                }
            }
            var request = EgressRequest.get("http://engine/v1/x")
            request.unixSocketPath = folder + "/s"
            let response = try await withClient { [request] client async throws in
                _ = try await client.send(request)
                return try await client.send(request)
            }
            #expect(String(decoding: response.body, as: UTF8.self) == "/v1/x engine")
            #expect(server.accepts == 1)
        }
    }

    @Test func `requests one after another share a connection`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond(body: request.text)
            }
        }
        try await withClient { client async throws in
            for number in 0..<50 {
                let response = try await client.send(.post(server.url, .bytes(Array("\(number)".utf8))))
                #expect(String(decoding: response.body, as: UTF8.self) == "\(number)")
            }
        }
        #expect(server.accepts == 1)
    }

    @Test func `a kept connection that the server closes is replaced, and the body sent from its start`() async throws {
        let mail = Mail<String>()
        let closed = Mail<Void>()
        let server = try ScriptedServer { connection in
            mail.send(try connection.readRequest().text)
            try connection.respond()
            // Takes the next request's first bytes and hangs up without a word.
            _ = try connection.readHead()
            closed.send(())
        }
        try await withClient { client async throws in
            for text in ["first", "second"] {
                _ = try await client.send(.post(server.url, .bytes(Array(text.utf8))))
                #expect(try await mail.next() == text)
            }
        }
        try await closed.next()
        #expect(server.accepts == 2)
    }

    @Test func `many requests at once get each its own answer`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond(body: request.target)
            }
        }
        try await withClient(EgressConfiguration(maxConcurrent: 8, maxWaiting: 500)) { client async throws in
            try await withThrowingTaskGroup { group in
                for number in 0..<400 {
                    group.addTask {
                        let response = try await client.send(.get(server.url + "/\(number)"))
                        return String(decoding: response.body, as: UTF8.self) == "/\(number)"
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
        #expect(server.accepts <= 8)
    }

    @Test func `proxies that the environment names are ignored`() async throws {
        // In a process of its own, because the environment belongs to the whole process.
        let proxy = try ScriptedServer { _ in }
        let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"]
        let environment = Dictionary(uniqueKeysWithValues: names.map { ($0, proxy.url) })
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(204)
        }
        #expect(try await probe("get", server.url, environment: environment) == "204\n")
        #expect(proxy.accepts == 0)
        #expect(server.accepts == 1)
    }
}

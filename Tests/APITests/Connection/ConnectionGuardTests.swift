import API
import NIOCore
import Testing

extension ServerTests {
    @Suite struct ConnectionGuardTests {
        @Test func `100 Continue is sent when the handler reads, and not before a refusal`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                    #expect(try await client.answer().status == 100)
                    try await client.send("hello")
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.body == "hello")
                    #expect(answer.headers["connection"] == nil)
                    // The connection goes on, and a refusal comes without a 100 before it.
                    try await client.send(
                        "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                    let refusal = try await client.answer()
                    #expect(refusal.status == 413)
                    #expect(refusal.headers["connection"] == "close")
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `no 100 Continue is sent for a body that has come already`() async throws {
            try await HTTPServerScene.run { scene in
                let answer = try await RawClient.exchange(
                    scene, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
                #expect(answer.status == 200 && answer.body == "hello")
            }
        }

        @Test(arguments: ["/refuse", "/ignore"])
        func `a client that keeps sending 50 MB still reads the early answer`(path: String) async throws {
            var connectionGuard = ConnectionGuardSettings()
            // The client of a busy machine may pause for longer than the two seconds that do in production.
            connectionGuard.lingerIdle = .minutes(5)
            connectionGuard.lingerTotal = .minutes(5)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n")
                    let piece = ByteBuffer(repeating: 1, count: 1_000_000)
                    for _ in 0..<50 { try await client.deliver(piece) }
                    let answer = try await client.answer()
                    #expect(answer.status == (path == "/refuse" ? 413 : 200))
                    #expect(answer.headers["connection"] == "close")
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a client that never stops sending is cut at the bound`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.lingerBytes = 3_000_000
            connectionGuard.lingerTotal = .hours(1)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                    let chunk = ByteBuffer(string: "f4240\r\n" + String(repeating: "x", count: 1_000_000) + "\r\n")
                    await #expect(throws: (any Error).self) { while true { try await client.deliver(chunk) } }
                }
            }
        }

        @Test func `a client that falls silent after the answer is let go of`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.lingerIdle = .milliseconds(50)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n")
                    #expect(try await client.answer().status == 413)
                    // Our side stays open: only the server can end this.
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a declared body over every plan's limit never reaches a handler`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.maximumFileBytes = 1_000
            connectionGuard.bodyOverheadBytes = 24
            try await HTTPServerScene.run(connectionGuard) { scene in
                let declared = try await RawClient.exchange(
                    scene,
                    "POST /echo HTTP/1.1\r\nHost: x\r\nX-Request-Id: me\r\nContent-Length: 1025\r\n"
                        + "Expect: 100-continue\r\n\r\n")
                #expect(declared.status == 413)
                #expect(try declared.member("limit_bytes") == "1000")
                #expect(declared.headers["x-request-id"] == "me")
                #expect(declared.headers["content-type"] == "application/problem+json")
                // Without a declaration it is cut when the count passes.
                let counted = try await RawClient.exchange(
                    scene,
                    "POST /drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n401\r\n"
                        + String(repeating: "x", count: 1_025) + "\r\n")
                #expect(counted.status == 413)
                await scene.seen.wait(for: "tooLarge(limitBytes: 1000)")
                let body = String(repeating: "x", count: 1_024)
                let allowed = try await RawClient.exchange(
                    scene, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1024\r\n\r\n\(body)")
                #expect(allowed.body == body)
            }
        }

        @Test func `a connection serves many requests, and an unread small body does not end it`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    for round in 0..<20 {
                        try await client.send("GET /hello/\(round) HTTP/1.1\r\nHost: x\r\n\r\n")
                        #expect(try await client.answer().body == "\(round)")
                        try await client.send("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
                        let answer = try await client.answer()
                        #expect(answer.body == "ignored" && answer.headers["connection"] == nil)
                        try await client.send("abc")
                    }
                }
            }
        }

        @Test func `pipelined requests are answered in order`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    var requests = ""
                    for round in 0..<200 {
                        requests += "GET /hello/\(round) HTTP/1.1\r\nHost: x\r\n\r\n"
                        requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
                        requests += String(format(round))
                    }
                    try await client.send(requests)
                    for round in 0..<200 {
                        #expect(try await client.answer().body == "\(round)")
                        #expect(try await client.answer().body == format(round))
                    }
                }
            }
        }

        private func format(_ number: Int) -> String { String("000\(number)".suffix(4)) }

        @Test func `pipelined requests end with the one that closes`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "GET /hello/1 HTTP/1.1\r\nHost: x\r\n\r\n"
                            + "GET /hello/2 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Close\r\n\r\n"
                            + "GET /hello/3 HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.answer().body == "1")
                    let last = try await client.answer()
                    #expect(last.body == "2" && last.headers["connection"] == "close")
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test(arguments: ["close", "Close", "keep-alive, close"])
        func `a large answer is whole when the client asked to close`(connection: String) async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "GET /bytes/9000000 HTTP/1.1\r\nHost: x\r\nConnection: \(connection)\r\n\r\n")
                    let answer = try await client.answer()
                    #expect(answer.headers["connection"] == "close" && answer.body.utf8.count == 9_000_000)
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a client that ends its side after its requests gets all answers`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "GET /bytes/3000000 HTTP/1.1\r\nHost: x\r\n\r\nGET /hello/2 HTTP/1.1\r\nHost: x\r\n\r\n")
                    client.endSending()
                    #expect(try await client.answer().body.utf8.count == 3_000_000)
                    #expect(try await client.answer().body == "2")
                    #expect(await client.end() == "")
                }
            }
        }

        @Test(arguments: [
            "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            "GET / HTTP/1.1\r\nX: LONG\r\n\r\n",
        ])
        func `what is not HTTP is a 400 of our shape`(text: String) async throws {
            let bytes = text.replacing("LONG", with: String(repeating: "x", count: 100_000))
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(bytes)
                    let answer = try await client.answer()
                    #expect(answer.status == 400)
                    #expect(try answer.member("error") == "invalid_request")
                    #expect(answer.headers["x-request-id"] != nil)
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a client that goes away in mid-body fails the handler's read`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello")
                    await scene.seen.wait(for: "bytes")
                    try await client.abort()
                }
                await scene.seen.wait(for: "disconnected")
            }
        }
    }
}

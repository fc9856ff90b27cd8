import API
import NIOCore
import Testing

// The connection guard's clocks, with windows short enough to wait for what they do.
extension ServerTests {
    @Suite struct ConnectionGuardTimerTests {
        @Test func `a body that trickles is cut with 408 and the handler's read fails`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.minimumBodyRate = 1_000_000
            connectionGuard.bodyRateWindow = .milliseconds(60)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello")
                    let answer = try await client.answer()
                    #expect(answer.status == 408)
                    #expect(try answer.member("error") == "request_timeout")
                    #expect(answer.headers["connection"] == "close")
                }
                await scene.seen.wait(for: "tooSlow")
            }
        }

        @Test func `a client is not blamed for a handler that does not read`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.minimumBodyRate = 1_000
            // Long enough for a busy machine to send a first byte in it.
            connectionGuard.bodyRateWindow = .seconds(1)
            try await Self.expectHeldUploadSucceeds(connectionGuard, windows: 2)
        }

        @Test(arguments: ["Content-Length: 100000\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"])
        func `a body that cannot be in in time for its size is cut with 408 that says so`(start: String) async throws {
            var connectionGuard = ConnectionGuardSettings()
            // No rate is too low by itself here.
            connectionGuard.minimumBodyRate = 0
            connectionGuard.bodyRateWindow = .milliseconds(60)
            connectionGuard.bodyTime = .milliseconds(600)
            connectionGuard.bodyGrace = .milliseconds(100)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /drain HTTP/1.1\r\nHost: x\r\n\(start)")
                    let answer = try await client.answer()
                    #expect(answer.status == 408)
                    #expect(try answer.member("error") == "request_timeout")
                    #expect(try answer.member("message")?.contains("too slowly for its size") == true)
                    #expect(answer.headers["connection"] == "close")
                }
                await scene.seen.wait(for: "overdue(minutes: 0)")
            }
        }

        @Test func `the time in which the handler does not read is not the client's, for the body as a whole either`()
            async throws
        {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.minimumBodyRate = 0
            connectionGuard.bodyRateWindow = .seconds(4)
            // A busy machine needs some of it for the body itself.
            connectionGuard.bodyTime = .seconds(10)
            connectionGuard.bodyGrace = .zero
            // Three windows are longer than a body may take.
            try await Self.expectHeldUploadSucceeds(connectionGuard, windows: 3)
        }

        /// Uploads to a handler that doesn't read for a while, and expects that it gets everything.
        ///
        /// - Parameter windows: how long it doesn't read, in windows of the minimum rate by the server's clock.
        private static func expectHeldUploadSucceeds(
            _ connectionGuard: ConnectionGuardSettings, windows: Int
        ) async throws {
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n")
                    let piece = ByteBuffer(repeating: 1, count: 1_000_000)
                    let outbound = client.outbound
                    async let sent: Void = { for _ in 0..<30 { try await outbound.write(piece) } }()
                    await scene.seen.wait(for: "held")
                    // Each of these takes a window.
                    for _ in 0..<windows {
                        let slow = try await RawClient.exchange(
                            scene, "POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
                        #expect(slow.status == 408)
                    }
                    scene.seen.release()
                    try await sent
                    #expect(try await client.answer().body == "30000000")
                }
            }
        }

        @Test func `a client that waits for 100 Continue is not too slow`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.minimumBodyRate = 1_000_000
            connectionGuard.bodyRateWindow = .milliseconds(30)
            try await HTTPServerScene.run(connectionGuard) { scene in
                // The handler never reads, so the client never sends: that is 200, not 408.
                let answer = try await RawClient.exchange(
                    scene, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
                #expect(answer.status == 200)
            }
        }

        @Test func `a head that trickles is cut with 408`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            // Long enough for a busy machine to send a first byte in it: without one there is no answer.
            connectionGuard.headTimeout = .seconds(1)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("GET /hello/x HTTP/1.1\r\nHo")
                    #expect(try await client.answer().status == 408)
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a connection without a request is closed without a word`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.headTimeout = .milliseconds(60)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in #expect(await client.end() == "") }
            }
            // Only this clock is short here: the request itself may take its time.
            connectionGuard = ConnectionGuardSettings()
            connectionGuard.idleTimeout = .milliseconds(60)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.answer().body == "x")
                    #expect(await client.end() == "")
                }
            }
        }

        @Test
        func `an answer that the client does not read is given up`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.writeStallTimeout = .milliseconds(60)
            connectionGuard.shutdownGrace = .milliseconds(10)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("GET /bytes/30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
                    await scene.seen.wait(for: "answering")
                    await scene.shutDown()
                    // The server ends only when the connection has, and this end of it stays open, unread.
                    await scene.seen.wait(for: "ended")
                }
            }
        }

        @Test func `a shutdown does not wait for a stalled upload`() async throws {
            var connectionGuard = ConnectionGuardSettings()
            connectionGuard.shutdownGrace = .milliseconds(50)
            connectionGuard.lingerIdle = .milliseconds(50)
            try await HTTPServerScene.run(connectionGuard) { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhello")
                    await scene.seen.wait(for: "bytes")
                    await scene.shutDown()
                    let answer = try await client.answer()
                    #expect(answer.status == 503)
                    #expect(answer.headers["retry-after"] != nil)
                }
                await scene.seen.wait(for: "shuttingDown")
            }
        }

        @Test func `a shutdown lets a running upload finish`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
                    await scene.seen.wait(for: "bytes")
                    await scene.shutDown()
                    try await client.send("world")
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.body == "10")
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }
    }
}

import API
import NIOCore
import TestSupport
import Testing

// A whole server that is full, as its clients see it.
extension ServerTests {
    @Suite struct ConnectionLimitTests {
        private static let hello = "GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n"
        /// A connection guard whose clocks close nothing.
        private static let patient: ConnectionGuardSettings = {
            var connectionGuard = ConnectionGuardSettings()
            (connectionGuard.headTimeout, connectionGuard.idleTimeout, connectionGuard.bodyRateWindow) = (
                .hours(1), .hours(1), .hours(1)
            )
            return connectionGuard
        }()

        @Test func `a full server closes what is idle longest, and answers whoever comes`() async throws {
            try await HTTPServerScene.run(Self.patient, connections: ConnectionLimits(places: 4, reserve: 2)) { scene in
                try await RawClient.run(scene, count: 4) { clients in
                    // The first one asks again: it is not the one that is idle longest.
                    for index in [0, 1, 2, 3, 0] {
                        let answer = try await clients[index].get("/hello/x")
                        #expect(answer.status == 200)
                    }
                    let fifth = try await RawClient.exchange(scene, Self.hello)
                    #expect(fifth.body == "x")
                    #expect(await clients[1].end() == "")
                    for index in [0, 2, 3] {
                        let answer = try await clients[index].get("/hello/z")
                        #expect(answer.body == "z")
                    }
                }
            }
        }

        @Test func `a known customer's connection outlives others that are idle`() async throws {
            try await HTTPServerScene.run(Self.patient, connections: ConnectionLimits(places: 4, reserve: 2)) { scene in
                try await RawClient.run(scene, count: 4) { clients in
                    let known = try await clients[0].get("/known/alice")
                    #expect(known.body == "alice")
                    for index in 1...3 {
                        let answer = try await clients[index].get("/hello/x")
                        #expect(answer.status == 200)
                    }
                    for _ in 0..<3 {
                        let other = try await RawClient.exchange(scene, Self.hello)
                        #expect(other.status == 200)
                    }
                    let again = try await clients[0].get("/hello/z")
                    #expect(again.body == "z")
                }
            }
        }

        @Test func `where all are being worked on, another is told 503, and health is answered`() async throws {
            try await HTTPServerScene.run(Self.patient, connections: ConnectionLimits(places: 1, reserve: 2)) { scene in
                try await RawClient.run(scene) { busy in
                    try await busy.send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
                    await scene.seen.wait(for: "held")
                    for _ in 0..<5 {
                        let refused = try await RawClient.exchange(scene, "GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
                        #expect(refused.status == 503)
                        #expect(refused.headers["retry-after"] == "5")
                        #expect(refused.headers["connection"] == "close")
                        #expect(try refused.member("error") == "transient_error")
                        #expect(try refused.member("request_id") == refused.headers["x-request-id"])
                        let health = try await RawClient.exchange(scene, "GET /healthz?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                        #expect(health.status == 200 && health.body == "well")
                        #expect(health.headers["connection"] == "close")
                    }
                    scene.seen.release()
                    #expect(try await busy.answer().body == "1")
                }
            }
        }

        @Test func `a body that names nobody and does not come yields its place, and its sender is told`() async throws
        {
            try await HTTPServerScene.run(Self.patient, connections: ConnectionLimits(places: 1, reserve: 2)) { scene in
                try await RawClient.run(scene) { slow in
                    try await slow.send("POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello")
                    await scene.seen.wait(for: "bytes")
                    #expect(try await RawClient.exchange(scene, "GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n").body == "x")
                    let refused = try await slow.answer()
                    #expect(refused.status == 503)
                    #expect(refused.headers["retry-after"] == "5")
                    #expect(await slow.end() == "")
                }
                await scene.seen.wait(for: "crowded")
            }
        }

        @Test
        func `six hundred connections that say nothing keep nobody out`() async throws {
            try await HTTPServerScene.run(Self.patient, connections: ConnectionLimits(places: 64, reserve: 8)) {
                scene in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let (stream, release) = AsyncStream.makeStream(of: Void.self)
                    let connected = Observations()
                    for number in 0..<600 {
                        group.addTask {
                            // Closed by the server at any time.
                            try? await RawClient.run(scene) { client in
                                if number % 2 == 0 { _ = try await client.get("/healthz") }
                                connected.note("connected")
                                for await _ in stream {}
                            }
                        }
                    }
                    for _ in 0..<200 { await connected.wait(for: "connected") }
                    for _ in 0..<20 {
                        let health = try await RawClient.exchange(scene, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                        #expect(health.status == 200)
                    }
                    release.finish()
                    group.cancelAll()
                }
            }
        }
    }
}

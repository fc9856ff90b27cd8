import API
import NIOCore
import Testing

extension ServerTests {
    @Suite struct HTTPServerTests {
        @Test func `an unknown address, an unknown method and a known one`() async throws {
            try await HTTPServerScene.run { scene in
                let unknown = try await RawClient.exchange(scene, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(unknown.status == 404)
                #expect(try unknown.member("error") == "not_found")
                let wrong = try await RawClient.exchange(scene, "DELETE /hello/you HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(wrong.status == 405)
                #expect(wrong.headers["allow"] == "GET, HEAD")
                #expect(try wrong.member("error") == "method_not_allowed")
                let options = try await RawClient.exchange(scene, "OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(options.status == 204)
                #expect(options.headers["allow"] == "POST, OPTIONS")
                let hello = try await RawClient.exchange(scene, "GET /hello/you?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(hello.status == 200 && hello.body == "you")
                #expect(hello.headers["x-content-type-options"] == "nosniff")
                #expect(hello.headers["server"] == "Verbatim")
            }
        }

        @Test func `a fault of ours is opaque, Hummingbird's errors take our shape`() async throws {
            try await HTTPServerScene.run { scene in
                let surprise = try await RawClient.exchange(scene, "GET /surprise HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(surprise.status == 500)
                #expect(try surprise.member("error") == "internal_error")
                #expect(!surprise.body.contains("Surprise"))
                let framework = try await RawClient.exchange(scene, "GET /framework HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(framework.status == 400)
                #expect(try framework.member("message") == "not like this")
                let cancelled = try await RawClient.exchange(scene, "GET /cancelled HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(cancelled.status == 503)
                #expect(cancelled.headers["retry-after"] == "5")
            }
        }

        @Test func `HEAD answers like GET, without a body`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    for path in ["/hello/you", "/none"] {
                        try await client.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                        let answer = try await client.answer(bodyless: true)
                        #expect(answer.status == (path == "/none" ? 404 : 200))
                        #expect(answer.headers["content-length"] != "0")
                    }
                    // Had a body come, this would not read as an answer.
                    try await client.send("GET /hello/again HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.answer().body == "again")
                }
            }
        }

        @Test func `every answer carries the request's id`() async throws {
            try await HTTPServerScene.run { scene in
                for path in ["/hello/x", "/none", "/surprise"] {
                    let own = try await RawClient.exchange(
                        scene, "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Request-Id: my.id-1\r\n\r\n")
                    #expect(own.headers["x-request-id"] == "my.id-1")
                    let made = try await RawClient.exchange(
                        scene, "GET \(path) HTTP/1.1\r\nHost: x\r\nX-Request-Id: not mine\r\n\r\n")
                    #expect(made.headers["x-request-id"]?.hasPrefix("req_") == true)
                    if made.status >= 400 {
                        #expect(try made.member("request_id") == made.headers["x-request-id"])
                    }
                }
            }
        }

        @Test func `what was asked for with credentials is not stored`() async throws {
            try await HTTPServerScene.run { scene in
                let guarded = try await RawClient.exchange(
                    scene, "GET /hello/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer y\r\n\r\n")
                #expect(guarded.headers["cache-control"] == "no-store")
                let open = try await RawClient.exchange(scene, "GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(open.headers["cache-control"] == nil)
            }
        }
    }
}

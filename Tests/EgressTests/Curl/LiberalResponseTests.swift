import Egress
import MediaSimulator
import Testing

/// Answers to calls whose body is needed: engines, model servers, object stores.
@Suite struct LiberalResponseTests {
    private static func answer(_ bytes: [UInt8]) async throws -> EgressResponse {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send(bytes)
        }
        return try await withClient { try await $0.send(.get(server.url)) }
    }

    @Test(arguments: [
        "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\n\r\nok", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "http/1.1  200  ok\r\n\r\nok",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
    ])
    func `an odd answer is read`(text: String) async throws {
        let response = try await Self.answer(Array(text.utf8))
        #expect(response.status == 200 && response.body == Array("ok".utf8))
    }

    @Test func `a compressed answer is read, though nobody asked for one, within its limit`() async throws {
        let body = Array(#"{"text":"hello"}"#.utf8)
        let zipped = Gzip.stored(body)
        for framing in ["Content-Length: \(zipped.count)\r\n", ""] {
            let response = try await Self.answer(
                Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\(framing)\r\n".utf8) + zipped)
            #expect(response.body == body)
        }
        let large = Gzip.stored([UInt8](repeating: 7, count: 1 << 20 + 1))
        await #expect(throws: EgressError.responseTooLarge(limit: 1 << 20)) {
            try await Self.answer(Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".utf8) + large)
        }
    }
}

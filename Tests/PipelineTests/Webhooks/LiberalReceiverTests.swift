import Pipeline
import TestSupport
import Testing
import WebhookReceiver

/// Receivers whose servers are odd: who acknowledged is not told again for a matter of form.
@Suite struct LiberalReceiverTests {
    private static let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    private static let acknowledged: [(String, [UInt8])] = [
        ("plain", Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)),
        ("no reason phrase", Array("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok".utf8)),
        ("an empty reason phrase", Array("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok".utf8)),
        ("a reason phrase without end", Array("HTTP/1.1 200 \(String(repeating: "x", count: 20_000))\r\n\r\n".utf8)),
        ("a reason phrase that is no text", Array("HTTP/1.1 202 ".utf8) + [0xFF, 0xFE, 0x80] + Array("\r\n\r\n".utf8)),
        ("two spaces", Array("HTTP/1.1  204  No Content\r\n\r\n".utf8)),
        ("no space before the reason", Array("HTTP/1.1 200OK\r\n\r\n".utf8)),
        ("in lower case", Array("http/1.1 200 ok\r\n\r\n".utf8)),
        ("bare line feeds", Array("HTTP/1.1 200 OK\nContent-Length: 2\n\nok".utf8)),
        ("bare line feeds, no reason", Array("HTTP/1.1 200\n\n".utf8)),
        ("HTTP/1.0", Array("HTTP/1.0 200 OK\r\n\r\nok".utf8)), ("HTTP/2 by name", Array("HTTP/2 200\r\n\r\n".utf8)),
        ("an unusual code", Array("HTTP/1.1 299 Mine\r\n\r\n".utf8)),
        ("a body where there is none", Array("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello".utf8)),
        (
            "interim answers",
            Array("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: <x>\r\n\r\nHTTP/1.1 200\r\n\r\n".utf8)
        ),
        ("a negative length", Array("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok".utf8)),
        ("a length that is no number", Array("HTTP/1.1 200 OK\r\nContent-Length: ok\r\n\r\nok".utf8)),
        ("an empty length", Array("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok".utf8)),
        ("an endless length", Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nok".utf8)),
        ("two lengths", Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok".utf8)),
        ("a length too long", Array("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok".utf8)),
        ("a length too short", Array("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok".utf8)),
        ("chunks that are none", Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok".utf8)),
        ("chunks without end", Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n".utf8)),
        ("an unknown transfer coding", Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: mine\r\n\r\nok".utf8)),
        ("an unknown content coding", Array("HTTP/1.1 200 OK\r\nContent-Encoding: mine\r\n\r\nok".utf8)),
        ("a content coding that is not so", Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nok".utf8)),
        ("a compressed body", Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".utf8) + gzip),
        ("a field without a colon", Array("HTTP/1.1 200 OK\r\nnothing\r\nX: y\r\n\r\n".utf8)),
        ("a field without a name", Array("HTTP/1.1 200 OK\r\n: y\r\n\r\n".utf8)),
        ("a space before the colon", Array("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok".utf8)),
        ("a zero byte in a field", Array("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n".utf8)),
        ("a folded field", Array("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n".utf8)),
        ("a folded field at first", Array("HTTP/1.1 200 OK\r\n X: a\r\n\r\n".utf8)),
        ("fields that are no text", Array("HTTP/1.1 200 OK\r\nX-".utf8) + [0xFF, 0xFE] + Array(": y\r\n\r\n".utf8)),
        ("one huge field", Array("HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 150_000))\r\n\r\n".utf8)),
        (
            "too many fields",
            Array(
                ("HTTP/1.1 200 OK\r\n" + String(repeating: "X: \(String(repeating: "x", count: 1_000))\r\n", count: 400)
                    + "\r\n").utf8)
        ),
        ("trailers", Array("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n".utf8)),
        (
            "an upgrade that was not asked for",
            Array("HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n".utf8)
        ),
    ]

    @Test(arguments: [false, true])
    func `what acknowledged is told once, however odd the rest of its answer is`(resets: Bool) async throws {
        try await DeliveryScene.run { scene in
            for (what, answer) in Self.acknowledged {
                let receiver = try WebhookReceiver { _ in .raw(answer, resets: resets) }
                let job = try await scene.end(telling: receiver.url)
                try await scene.deliver()
                #expect(try await scene.state(job)?.status == .delivered, "\(what)")
                #expect(receiver.received.count == 1, "\(what)")
            }
            scene.clock.advance(by: .seconds(24 * 3_600))
            #expect(try await scene.deliver() == 0)
        }
    }

    @Test func `what did not acknowledge is told again, however odd its answer is`() async throws {
        let answers: [(String, [UInt8])] = [
            ("a failure without a reason phrase", Array("HTTP/1.1 500\r\n\r\n".utf8)),
            ("a failure with a bad length", Array("HTTP/1.1 503 No\r\nContent-Length: x\r\n\r\n".utf8)),
            ("a redirect with a bad field", Array("HTTP/1.1 302 Found\r\nnothing\r\n\r\n".utf8)),
            ("half a header", Array("HTTP/1.1 200 OK\r\nX: ".utf8)), ("half a status line", Array("HTTP/1.1 200".utf8)),
            ("only an interim answer", Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)),
            ("an interim answer with a bad field", Array("HTTP/1.1 103 Hints\r\nnothing\r\n\r\n".utf8)),
            ("a code of two digits", Array("HTTP/1.1 20 OK\r\n\r\n".utf8)),
            ("a code of four digits", Array("HTTP/1.1 2000 OK\r\n\r\n".utf8)),
            ("no HTTP", Array("200 OK\r\n\r\n".utf8)),
            ("nothing", []),
        ]
        try await DeliveryScene.run { scene in
            for (what, answer) in answers {
                let receiver = try WebhookReceiver { _ in .raw(answer) }
                let job = try await scene.end(telling: receiver.url)
                try await scene.deliver()
                #expect(try await scene.state(job)?.status != .delivered, "\(what)")
                #expect(try await scene.state(job)?.nextTry != nil, "\(what)")
            }
        }
    }
}

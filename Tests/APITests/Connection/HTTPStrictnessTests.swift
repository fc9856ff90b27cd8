import API
import NIOCore
import Testing

extension ServerTests {
    /// HTTP/1.1 as RFC 9110 and 9112 have it, where a server may be lenient and must not.
    @Suite struct HTTPStrictnessTests {
        private static let keepAlive = "Host: x\r\nConnection: Keep-Alive"

        /// The one answer to what is no request of ours, after which the connection is closed.
        private func expectRefusal(_ scene: HTTPServerScene, _ bytes: ByteBuffer, _ what: String) async throws {
            try await RawClient.run(scene) { client in
                try await client.send(bytes)
                let answer = try await client.answer()
                #expect(answer.status == 400, "\(what)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(what)")
                #expect(try answer.member("error") == "invalid_request", "\(what)")
                #expect(answer.headers["x-request-id"] != nil && answer.headers["connection"] == "close", "\(what)")
                client.endSending()
                #expect(await client.end() == "", "\(what)")
            }
        }

        @Test func `HTTP 1.0 closes the connection unless the client asks to keep it`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("GET /hello/1 HTTP/1.0\r\n\r\n")
                    let answer = try await client.answer()
                    #expect(answer.body == "1" && answer.headers["connection"] == "close")
                    // Our side ends without a word from the client.
                    #expect(await client.end() == "")
                }
                try await RawClient.run(scene) { client in
                    for round in 0..<3 {
                        try await client.send("GET /hello/\(round) HTTP/1.0\r\n\(Self.keepAlive)\r\n\r\n")
                        let answer = try await client.answer()
                        #expect(answer.body == "\(round)" && answer.headers["connection"] == "keep-alive")
                    }
                    try await client.send("GET /hello/4 HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")
                    #expect(try await client.answer().headers["connection"] == "close")
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `HTTP 1.0 gets no chunks and no 100 Continue`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send("GET /stream HTTP/1.0\r\n\(Self.keepAlive)\r\n\r\n")
                    let answer = try await client.answer()
                    #expect(answer.headers["transfer-encoding"] == nil && answer.headers["content-length"] == nil)
                    #expect(answer.headers["connection"] == "close")
                    #expect(await client.end() == "one two three ")
                }
                try await RawClient.run(scene) { client in
                    try await client.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
                    try await client.send("hello")
                    let answer = try await client.answer()
                    #expect(answer.status == 200 && answer.body == "hello")
                }
            }
        }

        @Test func `an HTTP 1.1 client that is pipelined behind an HTTP 1.0 one is told apart`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "GET /hello/1 HTTP/1.0\r\n\(Self.keepAlive)\r\n\r\nGET /hello/2 HTTP/1.1\r\nHost: x\r\n\r\n"
                            + "GET /hello/3 HTTP/1.0\r\n\r\nGET /hello/4 HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.answer().headers["connection"] == "keep-alive")
                    #expect(try await client.answer().headers["connection"] == nil)
                    #expect(try await client.answer().headers["connection"] == "close")
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a request without one good Host is refused`() async throws {
            let bad = [
                "", "Host: x\r\nHost: x\r\n", "Host: x\r\nHost: y\r\n", "Host:\r\n", "Host: \r\n", "Host: a b\r\n",
                "Host: me@x\r\n", "Host: x:http\r\n", "Host: x:80:80\r\n", "Host: x/y\r\n", "Host: x?y\r\n",
                "Host: http://x\r\n", "Host: [::1\r\n", "Host: ::1\r\n", "Host: [x]\r\n", "Host: [::1]x\r\n",
                "Host: x\"y\r\n", "Host: x%2\r\n", "Host: x%zz\r\n", "Host: \u{E4}.example\r\n", "Host: a\\b\r\n",
                "Host: x:65536\r\n", "Host: :80\r\n", "Host: x, y\r\n",
            ]
            let good = [
                "x", "x:8080", "x:", "127.0.0.1:8080", "[::1]", "[::1]:8080", "[fe80::1%25eth0]:1", "example.com.",
                "a_b-c.example", "xn--bcher-kva.example", "%C3%A4.example", "[v7.x:y]",
            ]
            try await HTTPServerScene.run { scene in
                for host in bad {
                    try await expectRefusal(
                        scene, ByteBuffer(string: "GET /hello/1 HTTP/1.1\r\n\(host)X-A: b\r\n\r\n"), host)
                }
                // With HTTP/1.0 there need be none; two, or a bad one, are as wrong.
                for host in ["Host: x\r\nHost: x\r\n", "Host: a b\r\n"] {
                    try await expectRefusal(scene, ByteBuffer(string: "GET /hello/1 HTTP/1.0\r\n\(host)\r\n"), host)
                }
                for host in good {
                    let answer = try await RawClient.exchange(scene, "GET /hello/1 HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(answer.status == 200 && answer.body == "1", "\(host)")
                }
            }
        }

        @Test func `a request without a Host that is pipelined is refused in its turn`() async throws {
            try await HTTPServerScene.run { scene in
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "GET /hello/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
                            + "GET /hello/3 HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.answer().body == "1")
                    let refusal = try await client.answer()
                    #expect(refusal.status == 400 && refusal.headers["connection"] == "close")
                    client.endSending()
                    #expect(await client.end() == "")
                }
            }
        }

        @Test func `a Content-Length that is no number of bytes is refused`() async throws {
            try await HTTPServerScene.run { scene in
                for length in [
                    "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999",
                    "-1", "+5", "5, 6", "5;", "0x5", "5 5", "", "5.0", "five",
                ] {
                    try await expectRefusal(
                        scene,
                        ByteBuffer(string: "POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\nhello"),
                        length)
                }
                try await expectRefusal(
                    scene,
                    ByteBuffer(
                        string: "POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
                    ),
                    "two")
                let largest = try await RawClient.exchange(
                    scene, "POST /drain HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n")
                #expect(largest.status == 413)
            }
        }

        @Test func `what speaks another protocol is answered 400 and closed`() async throws {
            let hello: [UInt8] = [
                0x16, 0x03, 0x01, 0x00, 0xA5, 0x01, 0x00, 0x00, 0xA1, 0x03, 0x03, 0x0D, 0x0A, 0x0D, 0x0A, 0x00,
            ]
            var bytes = [("TLS", ByteBuffer(bytes: hello + [UInt8](repeating: 0x41, count: 154)))]
            bytes.append(
                ("SSL 2", ByteBuffer(bytes: [0x80, 0x2E, 0x01, 0x00, 0x02, 0x00, 0x15, 0x00, 0x00, 0x00, 0x10])))
            bytes.append(("PostgreSQL", ByteBuffer(bytes: [0, 0, 0, 8, 4, 0xD2, 0x16, 0x2F])))
            bytes.append(("noise", ByteBuffer(bytes: (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ 91) })))
            bytes.append(("PROXY 2", ByteBuffer(bytes: [13, 10, 13, 10, 0, 13, 10] + Array("QUIT\n!".utf8))))
            for (name, text) in [
                ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}"),
                ("SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), ("SMTP", "EHLO mail.example.org\r\n"),
                ("SMTP too", "HELO mail.example.org\r\nMAIL FROM:<a@example.org>\r\n"),
                ("Redis", "*1\r\n$4\r\nPING\r\n"), ("Redis inline", "PING\r\n"), ("memcached", "stats\r\n"),
                ("IRC", "NICK a\r\nUSER a 0 * :a\r\n"), ("FTP", "USER anonymous\r\n"),
                ("POP3", "USER me\r\nPASS word\r\n"), ("IMAP", "a1 LOGIN me word\r\n"),
                ("SIP", "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n"),
                ("RTSP", "OPTIONS rtsp://x/media RTSP/1.0\r\nHost: x\r\nCSeq: 1\r\n\r\n"),
                ("RTSP too", "DESCRIBE rtsp://x/media RTSP/1.0\r\nHost: x\r\nCSeq: 1\r\n\r\n"),
                ("RTSP with a slash", "PLAY /media RTSP/1.0\r\nHost: x\r\n\r\n"),
                ("Icecast", "SOURCE /hello/1 ICE/1.0\r\nHost: x\r\n\r\n"),
                ("HTTP/0.9", "GET /hello/1\r\n\r\n"), ("HTTP/0.9 named", "GET /hello/1 HTTP/0.9\r\nHost: x\r\n\r\n"),
                ("HTTP/2.0", "GET /hello/1 HTTP/2.0\r\nHost: x\r\n\r\n"),
                ("HTTP/3", "GET /hello/1 HTTP/3\r\nHost: x\r\n\r\n"),
                ("in lower case", "GET /hello/1 http/1.1\r\nHost: x\r\n\r\n"),
                ("SOCKS", "\u{5}\u{1}\u{0}"), ("PROXY 1", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n\r\n"),
            ] { bytes.append((name, ByteBuffer(string: text))) }
            let all = bytes
            try await HTTPServerScene.run { scene in
                for (name, sent) in all { try await expectRefusal(scene, sent, name) }
                // What came like this costs nobody else anything.
                #expect(try await RawClient.exchange(scene, "GET /hello/1 HTTP/1.1\r\nHost: x\r\n\r\n").body == "1")
            }
        }

        @Test func `what smugglers send is refused`() async throws {
            try await HTTPServerScene.run { scene in
                for fields in [
                    "X-Test: a\r\n folded: b", "X-Test : a", "X-Test: a\u{0}b", "X-Test: a\rb", " Host: x",
                    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
                    "Transfer-Encoding: chunked, gzip",
                    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                    "Transfer-Encoding: xchunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding:\r\n chunked",
                    "Transfer-Encoding: chunked\r\nContent-Length: 5",
                    "Content-Length: 5\r\nTransfer-Encoding: chunked",
                ] {
                    try await expectRefusal(
                        scene,
                        ByteBuffer(
                            string: "POST /echo HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                        fields)
                }
                for size in ["FFFFFFFFFFFFFFFFF", "0x5", "-5", " 5", "5 5", "", "g"] {
                    try await expectRefusal(
                        scene,
                        ByteBuffer(
                            string:
                                "POST /drain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\nhello\r\n0\r\n\r\n"
                        ), "chunk of \(size)")
                }
                try await expectRefusal(
                    scene,
                    ByteBuffer(
                        string: "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
                    "chunks of HTTP/1.0")
            }
        }

        @Test func `what is odd but right is read`() async throws {
            try await HTTPServerScene.run { scene in
                for (request, body) in [
                    ("\r\nGET /hello/1 HTTP/1.1\r\nHost: x\r\n\r\n", "1"),
                    ("GET http://other.example/hello/2 HTTP/1.1\r\nHost: x\r\n\r\n", "2"),
                    ("GET /hello/3 HTTP/1.1\r\nhOST:x\r\n\r\n", "3"),
                    ("GET /hello/4 HTTP/1.1\r\nHost:\t x \t\r\n\r\n", "4"),
                    (
                        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
                            + "5;a=\"b;c\";d\r\nhello\r\n0;x\r\nTrailer: 1\r\n\r\n", "hello"
                    ),
                    (
                        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n005\r\nhello\r\n0\r\n\r\n",
                        "hello"
                    ),
                    ("GET /hello/5 HTTP/1.1\r\nHost: x\r\nX-Empty:\r\n\r\n", "5"),
                ] {
                    let answer = try await RawClient.exchange(scene, request)
                    #expect(answer.status == 200 && answer.body == body, "\(request)")
                }
                let options = try await RawClient.exchange(scene, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(options.status == 204)
            }
        }
    }
}

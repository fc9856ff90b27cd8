import Addresses
import Egress
import MediaSimulator
import TestSupport
import Testing

@Suite struct FilteringProxyTests {
    private static func proxy(bytes: Int64 = 1 << 20, connections: Int = 32) throws -> FilteringProxy {
        try FilteringProxy(
            policy: AddressPolicy(allowed: [try CIDR("127.0.0.0/8")]),
            limits: .init(connections: connections, bytes: bytes, connect: .seconds(2)))
    }

    /// Sends a head through the proxy and gives all that comes back.
    private static func answer(
        _ proxy: FilteringProxy, _ head: String, authorization: String? = nil, body: String = ""
    ) throws -> String {
        let client = try LoopbackSocket(port: proxy.port)
        try client.send("\(head)\r\nProxy-Authorization: \(authorization ?? proxy.authorization)\r\n\r\n\(body)")
        return String(decoding: client.receiveAll(), as: UTF8.self)
    }

    @Test func `a request in absolute form arrives in origin form, without what was for the proxy`() async throws {
        try await onThread { () throws -> Void in
            let site = try MediaSimulator(["/a": .init(type: "text/plain", body: Array("there".utf8))])
            let proxy = try Self.proxy()
            let head =
                "GET \(site.url)/a?b=c HTTP/1.1\r\nHost: 127.0.0.1:\(site.port)\r\nProxy-Connection: keep-alive\r\nX-Own: kept"
            let answer = try Self.answer(proxy, head)
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.hasSuffix("\r\n\r\nthere"))
            let request = try #require(site.requests.first)
            #expect(request.target == "/a?b=c")
            #expect(request.headers["x-own"] == "kept")
            #expect(request.headers["connection"] == "close")
            #expect(request.headers["proxy-authorization"] == nil)
            #expect(request.headers["proxy-connection"] == nil)
        }
    }

    @Test func `a tunnel carries bytes both ways`() async throws {
        try await onThread { () throws -> Void in
            let echo = try LoopbackListener { socket in
                while let bytes = try? socket.receive(), !bytes.isEmpty { try? socket.send(bytes) }
            }
            let proxy = try Self.proxy()
            let client = try LoopbackSocket(port: proxy.port)
            try client.send(
                "CONNECT 127.0.0.1:\(echo.port) HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
            #expect(try client.receiveHead().hasPrefix("HTTP/1.1 200"))
            for message in ["one", "two", String(repeating: "x", count: 200_000)] {
                try client.send(message)
                var heard: [UInt8] = []
                while heard.count < message.utf8.count { heard += try client.receive() }
                let isSame = heard == Array(message.utf8)
                #expect(isSame)
            }
            #expect(proxy.report.bytes > 200_000)
            #expect(!proxy.report.hasRefused)
        }
    }

    @Test(arguments: ["", "Basic dmVyYmF0aW06", "Basic", "Bearer x", "Basic AAAA"])
    func `whoever does not know the credentials gets nothing`(authorization: String) async throws {
        try await onThread { () throws -> Void in
            let site = try MediaSimulator(["/": .init(body: [1])])
            let proxy = try Self.proxy()
            for head in ["GET \(site.url)/ HTTP/1.1", "CONNECT 127.0.0.1:\(site.port) HTTP/1.1"] {
                #expect(try Self.answer(proxy, head, authorization: authorization).hasPrefix("HTTP/1.1 407"))
            }
            #expect(site.connections == 0)
        }
    }

    @Test func `no two proxies have the same credentials`() async throws {
        try await onThread { () throws -> Void in
            let (first, second) = (try Self.proxy(), try Self.proxy())
            #expect(first.authorization != second.authorization)
            #expect(
                try Self.answer(first, "GET http://127.0.0.1:1/ HTTP/1.1", authorization: second.authorization)
                    .contains(" 407 "))
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1", "GET ftp://127.0.0.1/ HTTP/1.1", "GET https://127.0.0.1/ HTTP/1.1",
        "CONNECT 127.0.0.1 HTTP/1.1",
        "CONNECT 127.0.0.1:0 HTTP/1.1", "CONNECT 127.0.0.1:99999 HTTP/1.1", "CONNECT :80 HTTP/1.1",
        "CONNECT a:b:80 HTTP/1.1",
        "nonsense", "GET http:///x HTTP/1.1", "GET http://127.0.0.1:80/ HTTP/2", "GET  http://127.0.0.1/ HTTP/1.1",
        "GET http://127.0.0.1/ HTTP/1.1\r\nno colon",
    ])
    func `what a proxy is not asked is refused`(head: String) async throws {
        try await onThread { () throws -> Void in
            #expect(try Self.answer(try Self.proxy(), head).hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test func `nothing listens there, the name is unknown: each is said`() async throws {
        try await onThread { () throws -> Void in
            let proxy = try FilteringProxy(
                policy: AddressPolicy(allowed: [try CIDR("127.0.0.0/8")]), resolver: NameResolver { _ in [] },
                limits: .init(bytes: 1 << 20, connect: .seconds(2)))
            #expect(try Self.answer(proxy, "GET http://127.0.0.1:1/ HTTP/1.1").hasPrefix("HTTP/1.1 502"))
            #expect(!proxy.report.isUnresolved)
            #expect(try Self.answer(proxy, "GET http://nowhere.example/ HTTP/1.1").hasPrefix("HTTP/1.1 502"))
            #expect(proxy.report.isUnresolved)
        }
    }

    @Test func `bytes beyond the limit end the connection, and all that come after it`() async throws {
        try await onThread { () throws -> Void in
            let site = try MediaSimulator(["/": .init(body: Array(repeating: 7, count: 100_000), isEndless: true)])
            let proxy = try Self.proxy(bytes: 500_000)
            let answer = try Self.answer(proxy, "GET \(site.url)/ HTTP/1.1")
            #expect(answer.utf8.count < 800_000)
            #expect(proxy.report.isExhausted)
            #expect(try Self.answer(proxy, "GET \(site.url)/ HTTP/1.1").utf8.count < 200_000)
        }
    }

    @Test func `more connections than may be wait for one that ends`() async throws {
        try await onThread { () throws -> Void in
            let site = try MediaSimulator(["/": .init(body: [1])])
            let proxy = try Self.proxy(connections: 1)
            let first = try LoopbackSocket(port: proxy.port)
            try first.send(
                "CONNECT 127.0.0.1:\(site.port) HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
            #expect(try first.receiveHead().contains(" 200 "))
            let second = try LoopbackSocket(port: proxy.port)
            try second.send("GET \(site.url)/ HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
            #expect(site.requests.isEmpty)
            try first.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
            _ = try first.receive()
            first.finish()
            #expect(String(decoding: second.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `stopping it ends what is under way, and nobody gets in any more`() async throws {
        try await onThread { () throws -> Void in
            let silent = try LoopbackListener { socket in _ = socket.receiveAll() }
            let proxy = try Self.proxy()
            let client = try LoopbackSocket(port: proxy.port)
            try client.send(
                "CONNECT 127.0.0.1:\(silent.port) HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
            #expect(try client.receiveHead().contains(" 200 "))
            proxy.stop()
            #expect(client.receiveAll().isEmpty)
            let late = try? LoopbackSocket(port: proxy.port)
            try? late?.send("GET http://127.0.0.1:\(silent.port)/ HTTP/1.1\r\n\r\n")
            #expect(late?.receiveAll().isEmpty != false)
        }
    }
}

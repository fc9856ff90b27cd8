import API
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import TestSupport

/// A connection's bytes, through NIO's parser and our connection guard as in the server, to requests and answers.
///
/// However the bytes are cut, the requests are the same. Each request that reaches the application has one valid `Host`, one way to tell its length,
/// and fields that fit into one line each.
struct ConnectionTarget: FuzzTarget {
    let longest = 16_384
    let seeds = [
        "GET /jobs?limit=5&cursor=%41%zz HTTP/1.1\r\nHost: example.org\r\nAccept: application/json;q=0.5, text/*\r\n\r\n",
        "POST /jobs HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nContent-Type: application/json\r\nX-Request-Id: abc\r\n\r\nhelloGET / HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: [::1]:8080\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD /%2e%2e/a HTTP/1.1\r\nHost: h\r\nCookie: verbatim_session=a; b=c\r\nX-Forwarded-For: 1.2.3.4, [::1]:5\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\nIdempotency-Key: k\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nRTSP",
        "\r\n\r\nPUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ].map { Array($0.utf8) }
    let dictionary = [
        "\r\n", "\n", "\r", "\r\n\r\n", "\r\n ", ":", " ", "\t", "GET ", "POST ", "HEAD ", " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        "HTTP/2.0", "HTTP/1.9", "RTSP/1.0", "Host: x\r\n", "Host:\r\n", "host: y\r\n", "Content-Length: 1\r\n",
        "Content-Length: 18446744073709551615\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n",
        "1\r\na\r\n", "Connection: close\r\n", "Upgrade: websocket\r\n", "Expect: 100-continue\r\n", "Trailer: x\r\n",
        "%00", "%", "/../", "?", "#", "//", "http://a/", "*", "[::1]", "[::1%25lo]", "[v1.a]", ":65536", "@", "\u{0}",
        "\u{B}", "é",
        "X-Request-Id: a\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    func check(_ input: [UInt8]) async throws -> String {
        var dice = SeededGenerator(seed: UInt64(input.count))
        let whole = try Conversation(input, cut: { $0 })
        let cuts: [(Int) -> Int] = [{ _ in 1 }, { _ in 1 + Int(dice.next() % 60) }]
        for cut in cuts {
            let pieces = try Conversation(input, cut: cut)
            try require(
                pieces.requests == whole.requests,
                "cut otherwise, the requests are \(pieces.requests), not \(whole.requests)")
            try require(
                pieces.statuses == whole.statuses,
                "cut otherwise, the answers are \(pieces.statuses), not \(whole.statuses)")
        }
        for request in whole.requests { try check(request) }
        let outline = whole.requests.prefix(4).map {
            "\($0.head.method.rawValue.prefix(8)) \($0.head.headerFields.count) \($0.body.count.signum()) \($0.isComplete)"
        }
        return "\(outline) \(whole.statuses.prefix(6))"
    }

    private func check(_ request: Conversation.Message) throws {
        let fields = request.head.headerFields
        for field in fields {
            let isPlain = field.value.utf8.allSatisfy { $0 != 0 && $0 != 10 && $0 != 13 }
            try require(isPlain && !field.name.rawName.isEmpty, "a field has the value \(field.value.debugDescription)")
        }
        let lengths = fields[values: .contentLength]
        try require(
            lengths.allSatisfy { Int64($0.filter { $0 != " " && $0 != "\t" }) != nil }, "a length is \(lengths)")
        try require(
            lengths.isEmpty || fields[values: .transferEncoding].isEmpty,
            "a request has both Content-Length and Transfer-Encoding")
        if let length = lengths.first.flatMap({ Int($0) }), request.isComplete {
            try require(request.body.count == length, "a body has \(request.body.count) bytes, not \(length)")
        }
        if let authority = request.head.authority {
            let odd = authority.utf8.contains { $0 <= 0x20 || $0 == 0x7F || "/?#\\@<>\"".utf8.contains($0) }
            try require(!odd && !authority.isEmpty, "a request is for the host \(authority.debugDescription)")
        }
        let id = RequestIdentifier(fields).description
        try require((1...64).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "an id is \(id)")
        // What the handlers read of it.
        let read = Request(head: request.head, body: RequestBody(buffer: ByteBuffer(bytes: request.body)))
        try require(!read.uri.path.contains("?"), "a path holds a query")
        for (name, value) in read.uri.queryParameters { _ = (Int(wholeNumber: value), name) }
        _ = SessionCookie.token(of: read)
    }
}

/// What a server makes of a connection's bytes. The application answers each request once it is complete.
private struct Conversation {
    struct Message: Equatable {
        var head: HTTPRequest
        var body: [UInt8] = []
        var isComplete = false
    }

    let requests: [Message]
    /// Of the answers, in their order.
    let statuses: [String]

    init(_ input: [UInt8], cut: (Int) -> Int) throws {
        let channel = EmbeddedChannel()
        let application = Application()
        let pipeline = channel.pipeline.syncOperations
        var limits = NIOHTTPDecoderLimitConfiguration()
        (limits.maxHeaderFieldSize, limits.maxHeaderListSize, limits.maxHeaderFieldCount) = (16 << 10, 64 << 10, 100)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: limits)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try pipeline.addHandler(
            ConnectionGuard(
                settings: ConnectionGuardSettings(), style: ProblemStyle(),
                connections: OpenConnections(limits: ConnectionLimits()), bodyBuffers: BodyBuffers(),
                logger: .quiet))
        try pipeline.addHandler(application)
        channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 1), promise: nil)
        var at = 0
        var answer = ""
        while at < input.count {
            let length = max(1, min(cut(input.count - at), input.count - at))
            // An error is answered by the guard; what it throws here was caught by nobody behind it.
            _ = try? channel.writeInbound(ByteBuffer(bytes: input[at..<(at + length)]))
            at += length
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { answer += String(buffer: bytes) }
        }
        // The client falls silent: each connection ends by itself, long before two hours.
        channel.embeddedEventLoop.advanceTime(by: .hours(2))
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { answer += String(buffer: bytes) }
        try require(!channel.isActive, "a connection does not end")
        requests = application.requests
        // A head whose beginning came in one piece with the request before it is not timed as a head, but as an idle connection: it ends without 408.
        var statuses = answer.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.") }.map(String.init)
        // Not sent for a body that has come already.
        statuses.removeAll { $0.contains(" 100 ") }
        if statuses.last?.contains(" 408 ") == true { statuses.removeLast() }
        self.statuses = statuses
    }

    private final class Application: ChannelInboundHandler {
        typealias InboundIn = HTTPRequestPart
        typealias OutboundOut = HTTPResponsePart

        var requests: [Message] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(var head):
                // The guard makes one up if the client brings none.
                head.headerFields[.xRequestID] = nil
                requests.append(Message(head: head))
                context.triggerUserOutboundEvent(ConnectionGuard.BodyWanted(), promise: nil)
            case .body(let bytes): requests[requests.count - 1].body += Array(bytes.readableBytesView)
            case .end:
                requests[requests.count - 1].isComplete = true
                let head = HTTPResponse(status: .noContent)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        /// As the application does, which wants all there is. Time in which it wants nothing would not count.
        func channelReadComplete(context: ChannelHandlerContext) { context.read() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}

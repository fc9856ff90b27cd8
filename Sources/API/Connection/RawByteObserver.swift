import NIOCore

/// Sees the raw bytes before the HTTP parser does, on the connection guard's behalf.
///
/// The parser reports a head only when it is complete, so this tells the connection guard that one has begun. While the connection guard
/// lingers, this drops and counts what arrives, so that no parser runs over gigabytes that nobody wants. It also recognizes other protocols
/// by the connection's first line, because the parser takes some of them (RTSP, Icecast) for HTTP, and waits for more of others.
final class RawByteObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connectionGuard: ConnectionGuard
    private let guardContext: ChannelHandlerContext
    /// The last bytes so far of the connection's first line; nil once the line is complete.
    private var firstLine: [UInt8]? = []
    private static let keptOfLine = 16

    init(connectionGuard: ConnectionGuard, guardContext: ChannelHandlerContext) {
        self.connectionGuard = connectionGuard
        self.guardContext = guardContext
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connectionGuard.lingering {
            connectionGuard.discard(unwrapInboundIn(data).readableBytes, guardContext)
        } else {
            if connectionGuard.exchange == nil { connectionGuard.headBegun = true }
            guard isHTTP(unwrapInboundIn(data)) else { return connectionGuard.refuse(.malformed, guardContext) }
            context.fireChannelRead(data)
        }
    }

    /// Whether the first line can still be HTTP's: once it is complete, it must end in `HTTP/` and a version.
    private func isHTTP(_ bytes: ByteBuffer) -> Bool {
        guard var line = firstLine else { return true }
        for byte in bytes.readableBytesView {
            guard byte == 0x0A else {
                // Empty lines before it do no harm.
                if byte != 0x0D || !line.isEmpty { line.append(byte) }
                if line.count > 2 * Self.keptOfLine { line.removeFirst(Self.keptOfLine) }
                continue
            }
            if line.isEmpty { continue }
            firstLine = nil
            let end = line.last == 0x0D ? line.dropLast() : line[...]
            guard let space = end.lastIndex(of: UInt8(ascii: " ")) else { return false }
            return end[(space + 1)...].starts(with: "HTTP/".utf8)
        }
        firstLine = line
        return true
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The parser reports an error of its own if this happens in the middle of a request.
        if case ChannelEvent.inputClosed = event { connectionGuard.inputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // No other handler asks for more.
        if connectionGuard.lingering { context.read() }
    }
}

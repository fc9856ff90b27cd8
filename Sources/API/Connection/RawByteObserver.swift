import NIOCore

/// Sees the raw bytes before the HTTP parser does, on the connection guard's behalf.
///
/// The parser reports a head only when it is whole, so this tells the connection guard that one has begun; and while the connection guard
/// lingers, this drops and counts what comes, so that no parser runs over gigabytes that nobody wants. It also tells other protocols
/// by the connection's first line, because the parser takes some of them (RTSP, Icecast) for HTTP, and waits for more of others.
final class RawByteObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connectionGuard: ConnectionGuard
    private let guardContext: ChannelHandlerContext
    /// The end of the connection's first line as far as it came; nil once that is whole.
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

    /// Whether the first line ends in `HTTP/` and a version, as far as it is there.
    private func isHTTP(_ bytes: ByteBuffer) -> Bool {
        guard var line = firstLine else { return true }
        for byte in bytes.readableBytesView {
            guard byte == 0x0A else {
                // Empty lines in front of it do no harm.
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
        // The parser turns this into a fault of its own when it comes in the middle of a request.
        if case ChannelEvent.inputClosed = event { connectionGuard.inputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody further up asks for more.
        if connectionGuard.lingering { context.read() }
    }
}

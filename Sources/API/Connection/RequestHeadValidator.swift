import NIOCore
import NIOHTTP1

/// Sees each request's head before its HTTP version is lost, on the connection guard's behalf, and stops what is not HTTP to the letter.
///
/// It stands between the parser and the codec of `HTTPTypes`, which knows no versions.
final class RequestHeadValidator: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connectionGuard: ConnectionGuard
    /// Behind a head that was stopped nothing counts: nobody knows where the next one would begin.
    private var isStopped = false

    init(connectionGuard: ConnectionGuard) { self.connectionGuard = connectionGuard }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isStopped else { return }
        if case .head(let head) = unwrapInboundIn(data) {
            guard RequestSyntax.isRight(head) else {
                isStopped = true
                return context.fireErrorCaught(RequestInterruption.malformed)
            }
            connectionGuard.versions.append(head.version)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // A client of HTTP/1.0 reads no chunks: without a length the end of the connection ends the body.
        if case .head(var head) = unwrapOutboundIn(data), connectionGuard.exchange?.isOld == true,
            !head.headers.contains(name: "content-length")
        {
            head.version = .http1_0
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        }
        context.write(data, promise: promise)
    }
}

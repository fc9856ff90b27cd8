import NIOCore
import NIOHTTP1

/// Notes each request's HTTP version for the connection guard, and stops requests that break HTTP's syntax.
///
/// It stands between the parser and the codec of `HTTPTypes`, which drops the version.
final class RequestHeadValidator: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let connectionGuard: ConnectionGuard
    /// After such a head, everything is dropped: nobody knows where the next one would begin.
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
        // A client of HTTP/1.0 reads no chunks: without a length, the body ends with the connection.
        if case .head(var head) = unwrapOutboundIn(data), connectionGuard.exchange?.isOld == true,
            !head.headers.contains(name: "content-length")
        {
            head.version = .http1_0
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        }
        context.write(data, promise: promise)
    }
}

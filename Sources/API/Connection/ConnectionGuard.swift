import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Tenancy

/// Stands between the HTTP codec and Hummingbird on each connection, and enforces what Hummingbird doesn't.
///
/// Guarantees:
/// - the application gets one request at a time; pipelined ones wait here, and the socket is not read meanwhile;
/// - `100 Continue` is sent when the application first wants the body (`BodyWanted`), never before, and not after a final answer;
/// - a body that is larger than the absolute maximum, by its declared size or as counted, is answered 413 here;
/// - an answer given before the body is read to its end closes the connection (a small rest is drained instead), and a closing connection
///   lingers: it goes on reading, within limits, so that a client which is still sending gets to read its answer instead of a reset;
/// - a head or a body that arrives too slowly is answered 408; the connection closes if it is idle or if the client doesn't read its
///   answer;
/// - the connection takes one of the server's places (`OpenConnections`). If another connection needs it more, this one is closed if it is
///   idle, and answered 503 if its request has not arrived completely;
/// - on shutdown, an unfinished upload gets `shutdownGrace`, then 503;
/// - a request that breaks HTTP's syntax (`RequestSyntax`), or that is another protocol, is answered 400 and ends the connection;
/// - a client that speaks HTTP/1.0 is answered in HTTP/1.0: the connection closes unless the client asks to keep it;
/// - every answer carries `X-Request-Id`.
///
/// On failure it answers if no answer has started, else closes; the application's read throws a `RequestInterruption`. It lives on its
/// channel's event loop alone, and all its timers are that loop's.
package final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// A user outbound event: the application reads the body now.
    package struct BodyWanted: Sendable {
        package init() {}
    }

    /// A user outbound event: a request on this connection was authenticated, for this account.
    package struct Authenticated: Sendable {
        let account: TenantID

        package init(account: TenantID) { self.account = account }
    }

    /// Something that the client sent after a request that isn't answered yet.
    enum Withheld {
        case part(HTTPRequestPart)
        case failure(any Error)
        case inputClosed
    }

    enum TimerPurpose { case idle, head, body, linger }

    let settings: ConnectionGuardSettings
    let style: ProblemStyle
    let logger: Logger
    let connections: OpenConnections
    let bodyBuffers: BodyBuffers

    /// This connection's id in `connections`, from its start to its end.
    var connection: OpenConnections.ID?
    /// Another connection has taken its place.
    var isEvicted = false
    var exchange: GuardedExchange?
    /// The versions of the heads that passed `RequestHeadValidator` and have not begun here yet, in their order.
    var versions = CircularBuffer<HTTPVersion>()
    var withheld = CircularBuffer<Withheld>()
    var readWithheld = false
    /// The largest buffer that the socket is read into, as set on the channel; nil for NIO's own choice.
    var receiveBytes: Int?
    /// Bytes came, but not yet a whole head.
    var headBegun = false
    /// The client sends no more.
    var inputClosed = false
    var quiescing = false

    /// The last answer is out or on its way; from here on everything that comes in is dropped.
    var lingering = false
    var lingeredBytes: Int64 = 0
    var lingerProgress = NIODeadline.uptimeNanoseconds(0)

    var timer: Scheduled<Void>?
    var timerPurpose = TimerPurpose.idle
    /// Bounds a linger as a whole, and an unfinished upload on shutdown.
    var deadline: Scheduled<Void>?
    var stallTimer: Scheduled<Void>?
    var bytesWritten: Int64 = 0
    var bytesFlushedAtLastTick: Int64 = 0

    package init(
        settings: ConnectionGuardSettings, style: ProblemStyle, connections: OpenConnections, bodyBuffers: BodyBuffers,
        logger: Logger
    ) {
        self.connections = connections
        self.bodyBuffers = bodyBuffers
        self.settings = settings
        self.style = style
        self.logger = logger
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(
                RawByteObserver(connectionGuard: self, guardContext: context), position: .first)
            let codec = try context.pipeline.syncOperations.handler(type: HTTP1ToHTTPServerCodec.self)
            try context.pipeline.syncOperations.addHandler(
                RequestHeadValidator(connectionGuard: self), position: .before(codec))
        } catch {
            context.close(promise: nil)
        }
        if context.channel.isActive { start(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        cancelTimers()
        leave()
    }

    package func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        armHead(context)
        takePlace(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        leave()
        withheld.removeAll()
        // A half-read body must not look whole to the application.
        if let exchange, !exchange.requestComplete, !lingering {
            context.fireErrorCaught(RequestInterruption.disconnected)
        }
        exchange = nil
        context.fireChannelInactive()
    }

    /// Answers instead of the application if that is still possible, stops the application's read, and closes.
    func refuse(_ interruption: RequestInterruption, _ context: ChannelHandlerContext) {
        guard !lingering else { return }
        let answer = interruption.answer
        let requestID = exchange?.requestID ?? RequestIdentifier()
        // A flood of connections must not become a flood of log lines.
        logger.log(
            level: interruption == .crowded ? .debug : .info, "Connection cut",
            metadata: ["error_code": "\(answer.code.rawValue)", "request_id": "\(requestID)"])
        if exchange?.responseStarted == true {
            // A part of the answer is sent: only the end of the connection can tell the client that the rest will not come.
            context.close(promise: nil)
        } else {
            var (head, body) = style.render(answer, requestID: requestID)
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if exchange?.isHead != true { context.write(wrapOutboundOut(.body(body)), promise: nil) }
            linger(context, writing: .end(nil), promise: nil)
        }
        context.fireErrorCaught(interruption)
    }
}

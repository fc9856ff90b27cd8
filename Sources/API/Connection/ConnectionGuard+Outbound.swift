import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// What comes from the application.
extension ConnectionGuard {
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !lingering else {
            // The connection guard has answered in the application's place.
            promise?.succeed()
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational:
            context.write(data, promise: promise)
        case .head(let head):
            context.write(wrapOutboundOut(.head(start(head))), promise: promise)
        case .body(let bytes):
            bytesWritten += Int64(bytes.readableBytes)
            context.write(data, promise: promise)
        case .end(let trailers):
            exchange?.responseEnded = true
            if exchange?.closes == true {
                linger(context, writing: .end(trailers), promise: promise)
            } else {
                context.write(data, promise: promise)
                if exchange?.requestComplete == true { finishExchange(context) }
            }
        }
    }

    /// Decides, when the answer begins, whether the connection outlives it.
    private func start(_ head: HTTPResponse) -> HTTPResponse {
        guard var exchange else { return head }
        var head = head
        let unread = !exchange.requestComplete && !exchange.isDrainable(settings.drainBytes)
        // HTTP/1.0 has no chunks: an answer without a length ends with its connection.
        let isEndless = exchange.isOld && !exchange.isHead && !head.headerFields.contains(.contentLength)
        exchange.closes =
            exchange.closes || unread || quiescing || isEndless || GuardedExchange.asks(head.headerFields, for: "close")
        exchange.responseStarted = true
        if exchange.closes {
            head.headerFields[.connection] = "close"
        } else if exchange.isOld {
            head.headerFields[.connection] = "keep-alive"
        }
        if !head.headerFields.contains(.xRequestID) {
            head.headerFields[.xRequestID] = exchange.requestID.description
        }
        self.exchange = exchange
        return head
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        if let event = event as? Authenticated {
            if let connection { connections.authenticated(connection, as: event.account) }
            promise?.succeed()
            return
        }
        guard event is BodyWanted else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        if !lingering, let exchange, exchange.awaitsContinue, !exchange.responseStarted {
            self.exchange?.awaitsContinue = false
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            armBody(context)
        }
        promise?.succeed()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !context.channel.isWritable { armStall(context) }
        context.fireChannelWritabilityChanged()
    }

    /// A lingering connection closes by itself: whoever else wants it closed waits for that.
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            // Only a cancelled connection task asks for this: the server does not wait any longer.
            quiescing = true
            context.close(mode: lingering ? .all : .input, promise: promise)
        case .output where lingering:
            promise?.succeed()
        case .all where lingering:
            context.channel.closeFuture.cascade(to: promise)
        default:
            context.close(mode: mode, promise: promise)
        }
    }
}

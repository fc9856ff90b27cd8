import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What comes from the client.
extension ConnectionGuard {
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !lingering else { return }
        let part = unwrapInboundIn(data)
        if isWithholding {
            withheld.append(.part(part))
        } else {
            receive(part, context)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        guard !lingering else { return }
        if exchange == nil {
            if headBegun, timerPurpose != .head || timer == nil { armHead(context) }
        } else if exchange?.requestComplete == false {
            exchange?.pausedSince = context.eventLoop.now
            fitBuffers(context)
            if timer == nil || timerPurpose != .body { armBody(context) }
        }
        context.fireChannelReadComplete()
    }

    /// Hummingbird asks for more bytes. While a request waits for its answer, the socket isn't read.
    package func read(context: ChannelHandlerContext) {
        if lingering { return context.read() }
        if isWithholding {
            readWithheld = true
            return
        }
        endPause(context)
        context.read()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !lingering else { return }
        if isWithholding {
            withheld.append(.failure(error))
        } else {
            fail(error, context)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            if lingering { return inputClosedWhileLingering(context) }
            if !withheld.isEmpty {
                withheld.append(.inputClosed)
                return
            }
            if let exchange, !exchange.requestComplete { return refuse(.disconnected, context) }
        case is ChannelShouldQuiesceEvent:
            quiesce(context)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Whether the application has the whole request and has not finished its answer.
    var isWithholding: Bool { exchange?.requestComplete == true }

    private func receive(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes): receiveBody(bytes, context)
        case .end: endRequest(part, context)
        }
    }

    private func begin(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
        headBegun = false
        cancelTimer()
        let requestID = RequestIdentifier(head.headerFields)
        let exchange = GuardedExchange(head, version: versions.popFirst() ?? .http1_1, requestID: requestID)
        self.exchange = exchange
        let path = head.path.map { String($0.prefix { $0 != "?" }) } ?? ""
        switch connection.map({ connections.begin($0, path: path) }) ?? .go {
        case .go: break
        case .goAndClose: self.exchange?.closes = true
        case .refuse: return refuse(.crowded, context)
        }
        if let declared = exchange.declaredBytes, declared > settings.maximumBodyBytes {
            return refuse(.tooLarge(limitBytes: settings.maximumFileBytes), context)
        }
        var head = head
        head.headerFields[.xRequestID] = requestID.description
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    private func receiveBody(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        // No exchange: the codec rejected the head, and this is the body that came with it.
        guard exchange != nil else { return }
        let count = Int64(bytes.readableBytes)
        if exchange?.bodyShare == nil { exchange?.bodyShare = bodyBuffers.share() }
        exchange?.awaitsContinue = false
        exchange?.receivedBytes += count
        exchange?.windowBytes += count
        if let received = exchange?.receivedBytes, received > settings.maximumBodyBytes {
            return refuse(.tooLarge(limitBytes: settings.maximumFileBytes), context)
        }
        context.fireChannelRead(wrapInboundOut(.body(bytes)))
    }

    /// Makes the buffers that the socket is read into as large as this body's share of the memory for all bodies; without a body, as NIO
    /// has them.
    private func fitBuffers(_ context: ChannelHandlerContext) {
        let bytes = exchange?.bodyShare?.bytes
        guard bytes != receiveBytes else { return }
        receiveBytes = bytes
        let allocator =
            bytes.map { AdaptiveRecvByteBufferAllocator(minimum: min(64, $0), initial: $0, maximum: $0) }
            ?? AdaptiveRecvByteBufferAllocator()
        try? context.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
        // The buffers that it has are of another size, so it lets them go.
        try? context.channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        try? context.channel.syncOptions?.setOption(.maxMessagesPerRead, value: 4)
    }

    private func endRequest(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        guard exchange != nil else { return }
        exchange?.requestComplete = true
        exchange?.bodyShare = nil
        fitBuffers(context)
        exchange?.awaitsContinue = false
        cancelTimer()
        turn(to: .working)
        context.fireChannelRead(wrapInboundOut(part))
        if exchange?.responseEnded == true { finishExchange(context) }
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        switch error {
        case is IOError, is ChannelError:
            // The socket is gone; the end of the channel follows.
            context.fireErrorCaught(RequestInterruption.disconnected)
        case _ where !context.channel.isActive:
            context.fireErrorCaught(RequestInterruption.disconnected)
        default:
            refuse(inputClosed ? .disconnected : .malformed, context)
        }
    }

    /// Ends an exchange whose request and answer are both complete, and passes on what the client sent after it.
    func finishExchange(_ context: ChannelHandlerContext) {
        exchange = nil
        var delivered = false
        while !lingering, !isWithholding, let next = withheld.popFirst() {
            delivered = true
            switch next {
            case .part(let part): receive(part, context)
            case .failure(let error): fail(error, context)
            case .inputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
        }
        guard !lingering else { return }
        if exchange == nil {
            turn(to: .idle)
            armIdle(context)
        }
        if exchange?.requestComplete == false { armBody(context) }
        if delivered { context.fireChannelReadComplete() }
        if readWithheld, !isWithholding, !lingering {
            readWithheld = false
            context.read()
        }
    }
}

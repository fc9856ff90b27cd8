import NIOCore
import NIOHTTPTypes

/// The end of a connection: the answer goes out, then our side closes, then what still comes in is read and dropped
/// until the client closes too or a bound is reached. Closing at once would make the kernel answer the client's
/// next bytes with a reset, and many clients then never read the answer.
extension ConnectionGuard {
    /// Writes the last part of the last answer and starts to linger.
    func linger(_ context: ChannelHandlerContext, writing last: HTTPResponsePart, promise: EventLoopPromise<Void>?) {
        lingering = true
        withheld.removeAll()
        cancelTimer()
        deadline?.cancel()
        let flushed = promise ?? context.eventLoop.makePromise()
        context.writeAndFlush(wrapOutboundOut(last), promise: flushed)
        // A slow reader keeps the answer in our buffers for as long as it goes on reading.
        armStall(context)
        let (connectionGuard, bound) = (NIOLoopBound(self, eventLoop: context.eventLoop), context.loopBound)
        flushed.futureResult.whenComplete { _ in connectionGuard.value.answerFlushed(bound.value) }
        context.read()
    }

    private func answerFlushed(_ context: ChannelHandlerContext) {
        stallTimer?.cancel()
        stallTimer = nil
        guard context.channel.isActive else { return }
        context.close(mode: .output, promise: nil)
        lingerProgress = context.eventLoop.now
        turn(to: .closing)
        armLinger(context)
        let total =
            isEvicted
            ? settings.lingerEvicted : quiescing ? min(settings.lingerTotal, settings.lingerIdle) : settings.lingerTotal
        armDeadline(context, after: total) { $0.close(promise: nil) }
        context.read()
    }

    /// Raw bytes that came while lingering.
    func discard(_ count: Int, _ context: ChannelHandlerContext) {
        lingeredBytes += Int64(count)
        lingerProgress = context.eventLoop.now
        if lingeredBytes > settings.lingerBytes { context.close(promise: nil) }
    }

    func inputClosedWhileLingering(_ context: ChannelHandlerContext) {
        // While bytes of the answer are still to be sent, the connection ends when our side closes.
        if stallTimer == nil { context.close(promise: nil) }
    }

    private func armLinger(_ context: ChannelHandlerContext) {
        arm(.linger, context, after: lingerProgress + settings.lingerIdle - context.eventLoop.now) {
            connectionGuard, context in
            if context.eventLoop.now - connectionGuard.lingerProgress >= connectionGuard.settings.lingerIdle {
                context.close(promise: nil)
            } else {
                connectionGuard.armLinger(context)
            }
        }
    }
}

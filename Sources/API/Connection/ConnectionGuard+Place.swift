import NIOCore

/// The connection's place among all open connections.
extension ConnectionGuard {
    func takePlace(_ context: ChannelHandlerContext) {
        guard connection == nil else { return }
        let (connectionGuard, bound, loop) = (
            NIOLoopBound(self, eventLoop: context.eventLoop), context.loopBound, context.eventLoop
        )
        connection = connections.open(peer: context.remoteAddress?.ipAddress) {
            loop.execute { connectionGuard.value.giveUpPlace(bound.value) }
        }
    }

    func leave() {
        if let connection { connections.closed(connection) }
    }

    func turn(to doing: OpenConnections.Doing) {
        if let connection { connections.turn(connection, to: doing) }
    }

    /// Another connection takes this one's place. What this one is doing may have changed since it was chosen.
    private func giveUpPlace(_ context: ChannelHandlerContext) {
        isEvicted = true
        guard context.channel.isActive else { return }
        if lingering { return closeAfterAnswer(context) }
        guard let exchange else { return context.close(promise: nil) }
        if exchange.requestComplete || exchange.responseStarted {
            self.exchange?.closes = true
        } else {
            refuse(.crowded, context)
        }
    }

    private func closeAfterAnswer(_ context: ChannelHandlerContext) {
        // While bytes of the answer are still to be sent, `answerFlushed` ends the connection.
        if stallTimer == nil { context.close(promise: nil) }
    }
}

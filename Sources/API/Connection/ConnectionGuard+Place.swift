import NIOCore

/// The connection's place among all that are open.
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

    /// Another connection has the place now. What was chosen may have changed since.
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
        // With bytes of the answer still to be sent, whoever waits for those closes.
        if stallTimer == nil { context.close(promise: nil) }
    }
}

import NIOCore

/// The connection guard's clocks, all on the channel's event loop: one for what the connection waits for, one that bounds a
/// linger or a shutdown, one for a response that the client does not read.
extension ConnectionGuard {
    func arm(
        _ purpose: TimerPurpose, _ context: ChannelHandlerContext, after delay: TimeAmount,
        _ action: @escaping (ConnectionGuard, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timerPurpose = purpose
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            self.timer = nil
            action(self, context)
        }
    }

    func armIdle(_ context: ChannelHandlerContext) {
        arm(.idle, context, after: settings.idleTimeout) { _, context in context.close(promise: nil) }
    }

    /// Bytes that arrive don't extend this time: the whole head must arrive within it, however slowly it trickles.
    func armHead(_ context: ChannelHandlerContext) {
        arm(.head, context, after: settings.headTimeout) { connectionGuard, context in
            if connectionGuard.headBegun {
                connectionGuard.refuse(.tooSlow, context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    /// Starts a window in which the body's rate is measured, unless the client is waiting for `100 Continue`.
    func armBody(_ context: ChannelHandlerContext) {
        guard let exchange, !exchange.awaitsContinue else { return }
        let now = context.eventLoop.now
        if exchange.bodyStart == nil {
            self.exchange?.bodyStart = now
        } else {
            self.exchange?.pausedBefore += exchange.paused(until: now)
        }
        self.exchange?.windowStart = now
        self.exchange?.windowBytes = 0
        self.exchange?.pausedNanoseconds = 0
        if exchange.pausedSince != nil { self.exchange?.pausedSince = now }
        arm(.body, context, after: settings.bodyRateWindow) { connectionGuard, context in
            connectionGuard.judgeBody(context)
        }
    }

    /// Rejects a body that was too slow in the window. Time in which we did not read doesn't count against the client.
    private func judgeBody(_ context: ChannelHandlerContext) {
        guard let exchange, !exchange.requestComplete, let start = exchange.windowStart else { return }
        let now = context.eventLoop.now
        let waited = (now - start).nanoseconds - exchange.paused(until: now)
        let mostlyWaited = waited * 2 >= settings.bodyRateWindow.nanoseconds
        let due = Double(settings.minimumBodyRate) * Double(waited) / 1e9
        if mostlyWaited, Double(exchange.windowBytes) < due {
            refuse(.tooSlow, context)
        } else if exchange.isOverdue(now, settings) {
            refuse(.overdue(minutes: settings.bodyTime.nanoseconds / 60_000_000_000), context)
        } else {
            armBody(context)
        }
    }

    /// Ends a time in which the socket was not read.
    func endPause(_ context: ChannelHandlerContext) {
        guard let since = exchange?.pausedSince else { return }
        exchange?.pausedNanoseconds += (context.eventLoop.now - since).nanoseconds
        exchange?.pausedSince = nil
    }

    func armDeadline(
        _ context: ChannelHandlerContext, after delay: TimeAmount, _ action: @escaping (ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: delay) { action(context) }
    }

    /// Closes the connection if the client reads none of the bytes that wait for it.
    func armStall(_ context: ChannelHandlerContext) {
        guard stallTimer == nil else { return }
        bytesFlushedAtLastTick = bytesFlushed(context)
        scheduleStall(context)
    }

    private func scheduleStall(_ context: ChannelHandlerContext) {
        stallTimer = context.eventLoop.assumeIsolated().scheduleTask(in: settings.writeStallTimeout) {
            self.stallTimer = nil
            let flushed = self.bytesFlushed(context)
            guard flushed > self.bytesFlushedAtLastTick || self.buffered(context) == 0 else {
                return context.close(promise: nil)
            }
            self.bytesFlushedAtLastTick = flushed
            if !context.channel.isWritable || self.lingering { self.scheduleStall(context) }
        }
    }

    private func buffered(_ context: ChannelHandlerContext) -> Int64 {
        let bytes = try? context.channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes)
        return Int64(bytes ?? 0)
    }

    private func bytesFlushed(_ context: ChannelHandlerContext) -> Int64 { bytesWritten - buffered(context) }

    /// Begins the shutdown: an unfinished upload gets some time, and then 503. Requests that have arrived completely are left to their
    /// handlers.
    func quiesce(_ context: ChannelHandlerContext) {
        quiescing = true
        if lingering {
            if stallTimer == nil { armDeadline(context, after: settings.lingerIdle) { $0.close(promise: nil) } }
        } else if exchange?.requestComplete == false {
            armDeadline(context, after: settings.shutdownGrace) { [self] context in
                if exchange?.requestComplete == false { refuse(.shuttingDown, context) }
            }
        }
    }

    func cancelTimer() {
        timer?.cancel()
        timer = nil
    }

    func cancelTimers() {
        cancelTimer()
        deadline?.cancel()
        deadline = nil
        stallTimer?.cancel()
        stallTimer = nil
    }
}

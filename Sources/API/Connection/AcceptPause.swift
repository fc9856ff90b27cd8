import Glibc
import Logging
import NIOCore

/// Leaves new connections alone for a second when the process or the machine has no descriptors or memory left for one.
///
/// NIO would try again at once and for ever, because the socket stays readable: its loop, and all connections on it, would have no rest.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private static let shortages: Set<Int32> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private let logger: Logger
    private var isPaused = false

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.shortages.contains(error.errnoCode) {
            pause(context, errno: error.errnoCode)
        }
        context.fireErrorCaught(error)
    }

    private func pause(_ context: ChannelHandlerContext, errno: Int32) {
        guard !isPaused else { return }
        isPaused = true
        logger.warning("no descriptors or memory left for another connection", metadata: ["errno": "\(errno)"])
        setReading(false, context)
        let bound = context.loopBound
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) {
            self.isPaused = false
            self.setReading(true, bound.value)
        }
    }

    private func setReading(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // Fails on a server that has ended.
        try? context.channel.syncOptions?.setOption(ChannelOptions.autoRead, value: isOn)
    }
}

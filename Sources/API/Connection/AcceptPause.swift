import Glibc
import Logging
import NIOCore

/// Leaves new connections alone for a second when the process or the machine has no descriptors or memory left for one.
///
/// NIO would try again at once and for ever, because the socket stays readable: its loop, and all connections on it, would have no rest.
///
/// A few descriptors are kept open in reserve and given up during a pause. libdispatch, which runs Swift's tasks, looks at its busy threads in
/// `/proc` once a second and ends the process when it cannot open what it looks for. Connections are accepted again when the
/// reserve is whole.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private static let shortages: Set<Int32> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private let logger: Logger
    private let reserve = DescriptorReserve(size: 8)
    private var isPaused = false

    init(logger: Logger) {
        self.logger = logger
        reserve.fill()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.shortages.contains(error.errnoCode), !isPaused {
            pause(context, errno: error.errnoCode)
        }
        context.fireErrorCaught(error)
    }

    private func pause(_ context: ChannelHandlerContext, errno: Int32) {
        isPaused = true
        reserve.release()
        logger.warning("no descriptors or memory left for another connection", metadata: ["errno": "\(errno)"])
        setReading(false, context)
        let bound = context.loopBound
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.resume(bound.value) }
    }

    private func resume(_ context: ChannelHandlerContext) {
        if let errno = reserve.fill() { return pause(context, errno: errno) }
        isPaused = false
        setReading(true, context)
    }

    private func setReading(_ isOn: Bool, _ context: ChannelHandlerContext) {
        // Fails on a server that has ended.
        try? context.channel.syncOptions?.setOption(ChannelOptions.autoRead, value: isOn)
    }
}

/// Descriptors that are open only so that they can be given up.
private final class DescriptorReserve {
    private let size: Int
    private var held: [Int32] = []

    init(size: Int) { self.size = size }

    deinit { release() }

    /// Opens what is missing.
    ///
    /// - Returns: why that is not possible (`errno`); nil when the reserve is whole.
    @discardableResult
    func fill() -> Int32? {
        while held.count < size {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return errno }
            held.append(descriptor)
        }
        return nil
    }

    func release() {
        for descriptor in held { close(descriptor) }
        held = []
    }
}

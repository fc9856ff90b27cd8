import NIOCore

/// Sees the raw bytes before the HTTP parser does, on the gate's behalf.
///
/// The parser reports a head only when it is whole, so this tells the gate that one has begun; and while the gate
/// lingers, this drops and counts what comes, so that no parser runs over gigabytes that nobody wants.
final class WireWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let gate: UploadGate
    private let gateContext: ChannelHandlerContext

    init(gate: UploadGate, gateContext: ChannelHandlerContext) {
        self.gate = gate
        self.gateContext = gateContext
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if gate.lingering {
            gate.discard(unwrapInboundIn(data).readableBytes, gateContext)
        } else {
            if gate.exchange == nil { gate.headBegun = true }
            context.fireChannelRead(data)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The parser turns this into a fault of its own when it comes in the middle of a request.
        if case ChannelEvent.inputClosed = event { gate.inputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody further up asks for more.
        if gate.lingering { context.read() }
    }
}

import Hummingbird
import NIOCore
import Synchronization

/// A request's body that tells the connection guard when it is first read and counts what was read.
struct MeteredBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    /// How many bytes of a body the application has read; shared by the sequence and the access log.
    final class Meter: Sendable {
        private let bytes = Atomic<Int>(0)
        var count: Int { bytes.load(ordering: .relaxed) }
        func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }
    }

    let base: RequestBody
    let channel: any Channel
    let meter: Meter

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let channel: any Channel
        let meter: Meter
        var announced = false

        mutating func next() async throws -> ByteBuffer? {
            if !announced {
                announced = true
                channel.triggerUserOutboundEvent(ConnectionGuard.BodyWanted(), promise: nil)
            }
            let bytes = try await base.next()
            if let bytes { meter.add(bytes.readableBytes) }
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), channel: channel, meter: meter)
    }
}

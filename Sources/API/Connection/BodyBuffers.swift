import NIOCore
import Synchronization

/// How large the buffers are into which the connections of a server read their requests' bodies.
///
/// A large buffer makes one upload cheap: fewer calls for the same bytes. But the server keeps up to some sixteen of them a connection until
/// the application takes them. So all bodies in progress share one amount of memory, however many there are.
package final class BodyBuffers: Sendable {
    /// What all buffers together may take, in bytes, as long as no buffer must be smaller than `smallest`.
    package static let totalBytes = 16 * 1_024 * 1_024
    static let smallest = 8 * 1_024
    static let largest = 256 * 1_024
    /// Buffers that a connection may hold: NIO's own pool of 4, and those that wait for the application, which are 10 and the last read's.
    private static let perConnection = 16

    private let bodies = Atomic<Int>(0)

    package init() {}

    /// One body in progress. Its share ends with the last reference to it.
    final class Share: Sendable {
        private let buffers: BodyBuffers

        fileprivate init(_ buffers: BodyBuffers) {
            self.buffers = buffers
            buffers.bodies.add(1, ordering: .relaxed)
        }

        deinit { buffers.bodies.subtract(1, ordering: .relaxed) }

        /// How large its buffers should be now, in bytes: a power of two.
        var bytes: Int { BodyBuffers.bytes(bodies: buffers.bodies.load(ordering: .relaxed)) }
    }

    func share() -> Share { Share(self) }

    static func bytes(bodies: Int) -> Int {
        let share = totalBytes / (perConnection * max(1, bodies))
        return min(largest, max(smallest, 1 << (Int.bitWidth - 1 - share.leadingZeroBitCount)))
    }
}

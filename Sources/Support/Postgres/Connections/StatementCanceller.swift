// Cancels what a connection is doing, from outside its thread.
//
// A connection that a cancel was sent to is never used again, so that a late one cannot hit somebody else's statement.

import CPostgres
import Synchronization

// Unchecked because of the C pointer: a PGcancel is never changed, and PQcancel is documented as thread-safe.
final class StatementCanceller: @unchecked Sendable {
    private let handle: OpaquePointer
    private let wasUsed = Atomic(false)

    init?(connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// A cancel was asked for, sometime.
    var wasEverUsed: Bool { wasUsed.load(ordering: .sequentiallyConsistent) }
    func noteUse() { wasUsed.store(true, ordering: .sequentiallyConsistent) }

    /// Asks the server, over a connection of its own. Blocks.
    func send() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &message, Int32(message.count))
    }
}

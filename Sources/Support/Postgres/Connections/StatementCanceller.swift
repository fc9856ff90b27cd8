// Cancels the running statement of a connection, from outside its thread.
//
// After a cancel request, the connection is never used again, so that a late request cannot hit another statement.

import CPostgres
import Synchronization

// Unchecked because of the C pointer: a PGcancel never changes, and PQcancel is documented as thread-safe.
final class StatementCanceller: @unchecked Sendable {
    private let handle: OpaquePointer
    private let wasUsed = Atomic(false)

    init?(connection: OpaquePointer) {
        guard let handle = PQgetCancel(connection) else { return nil }
        self.handle = handle
    }

    deinit { PQfreeCancel(handle) }

    /// Whether a cancel request was ever made.
    var wasEverUsed: Bool { wasUsed.load(ordering: .sequentiallyConsistent) }
    func noteUse() { wasUsed.store(true, ordering: .sequentiallyConsistent) }

    /// Sends a cancel request to the server, over a new connection. Blocks.
    func send() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(handle, &message, Int32(message.count))
    }
}

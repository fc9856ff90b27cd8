// Cuts a connection from outside its thread, so that a call that hangs in libpq returns with an error.
//
// The server's time-outs are not enough: they do not help if the server or the network is gone.

import Glibc
import Synchronization

final class SocketCutter: Sendable {
    private let descriptor = Mutex<Int32?>(nil)

    func attach(to descriptor: Int32) { self.descriptor.withLock { $0 = descriptor } }

    /// Call this before the descriptor is closed, because its number may be reused right after.
    func detach() { descriptor.withLock { $0 = nil } }

    /// Cuts the connection after `limit`, unless the returned task is cancelled before. Nil: never.
    func fuse(_ limit: Duration?) -> Task<Void, Never>? {
        limit.map { limit in
            Task {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                self.cut()
            }
        }
    }

    private func cut() {
        descriptor.withLock { descriptor in
            if let descriptor { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }
}

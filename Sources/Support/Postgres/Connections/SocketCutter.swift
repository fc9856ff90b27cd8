// Cuts a connection from outside its thread, so that a call that hangs in libpq comes back, with an error.
//
// The server's own time-outs do not reach that far: they say nothing when the server, or the way to it, is gone.

import Glibc
import Synchronization

final class SocketCutter: Sendable {
    private let descriptor = Mutex<Int32?>(nil)

    func attach(to descriptor: Int32) { self.descriptor.withLock { $0 = descriptor } }

    /// Before the descriptor is closed: its number may be another's right after.
    func detach() { descriptor.withLock { $0 = nil } }

    /// Cuts after so long, unless what this answers is cancelled before. Nil: never.
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

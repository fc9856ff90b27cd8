// Wakes a thread that sits in poll(2), once and for good.

import Glibc

final class WakePipe: Sendable {
    /// Becomes readable, at its end, when `signal()` is called.
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets, because a pipe cannot be kept from children without a race.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            // As a connection that could not be made: it may be well in a moment, when there are descriptors again.
            throw PostgresError.connectionLost("no pipe could be made (errno \(errno))")
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// May be called more than once.
    func signal() { shutdown(writeEnd, Int32(SHUT_RDWR)) }
}

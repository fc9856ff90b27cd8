// Wakes a thread that waits in poll(2). After that it stays awake.

import Glibc

final class WakePipe: Sendable {
    /// Becomes readable (end of file) when `signal()` is called.
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets, because keeping a pipe from child processes involves a race.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            // Treated like a failed connection: soon there may be descriptors again.
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

import CProcess
import Glibc

/// How many files, sockets and pipes this process may have open at the same time.
package enum OpenFiles {
    /// A node needs no more, and a child process that closes all inherited descriptors one by one would take long.
    private static let enough = 65_536

    /// The limit that ``raiseLimit()`` can reach: the hard limit, but at most `enough`. Nil if the system does not report its limits.
    package static var reachable: Int? { limits.map { max($0.soft, min($0.hard, enough)) } }

    /// Raises the soft limit as far as this process may. Called once, at the start of a process. Child processes inherit the limit.
    ///
    /// - Returns: the limit that applies now; nil if the system does not report it.
    @discardableResult
    package static func raiseLimit() -> Int? {
        guard let limits, let reachable else { return nil }
        guard reachable > limits.soft else { return limits.soft }
        return verbatim_raise_open_files(rlim_t(reachable)) == 0 ? reachable : limits.soft
    }

    /// Whether there are enough descriptors to start a child process. The library that starts it would end this process if it got only some of
    /// the descriptors for its pipes. 32 are needed: more than one start takes, so that several can start at the same time.
    package static var haveRoomForChild: Bool {
        var taken: [Int32] = []
        defer { for descriptor in taken { close(descriptor) } }
        for _ in 0..<32 {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            taken.append(descriptor)
        }
        return true
    }

    private static var limits: (soft: Int, hard: Int)? {
        var (soft, hard) = (rlim_t(0), rlim_t(0))
        guard verbatim_open_files(&soft, &hard) == 0 else { return nil }
        return (Int(clamping: soft), Int(clamping: hard))
    }
}

import CProcess
import Glibc

/// How many files, sockets and pipes this process may have open at once.
package enum OpenFiles {
    /// More is of no use to a node, and a child that closes all it might have inherited, one by one, would take long.
    private static let enough = 65_536

    /// What `raiseLimit` leads to: the hard limit, or what is enough. Nil where the system does not tell.
    package static var reachable: Int? { limits.map { max($0.soft, min($0.hard, enough)) } }

    /// Raises the soft limit as far as this process may, once, at its start. Children inherit it.
    ///
    /// - Returns: the limit that holds now.
    @discardableResult
    package static func raiseLimit() -> Int? {
        guard let limits, let reachable else { return nil }
        guard reachable > limits.soft else { return limits.soft }
        return verbatim_raise_open_files(rlim_t(reachable)) == 0 ? reachable : limits.soft
    }

    /// Whether a child can be started: its pipes take descriptors, and the library that starts it ends this process where it gets only some of
    /// them. Asks for more than one start takes, so that a few at the same moment fit.
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

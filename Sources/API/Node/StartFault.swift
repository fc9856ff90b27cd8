import Glibc
import NIOCore

/// What to tell an operator about an error that kept the node from running.
enum StartFault {
    static func sentence(for error: any Error) -> String {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return "the address of VERBATIM_LISTEN is in use by another process; stop it or choose another port"
        }
        return "\(error)"
    }
}

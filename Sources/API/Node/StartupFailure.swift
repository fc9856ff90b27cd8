import Glibc
import NIOCore

/// What to tell an operator about an error that kept the node from running.
enum StartupFailure {
    /// The system lets this process have too few descriptors for its work.
    struct TooFewOpenFiles: Error, CustomStringConvertible {
        let limit: Int
        let least: Int

        var description: String {
            "this process may have \(limit) files open, and needs \(least) at least: raise the limit (LimitNOFILE= of its unit, ulimit -n in its shell)"
        }
    }

    /// Another process has the address for metrics.
    struct MetricsAddressInUse: Error, CustomStringConvertible {
        let description =
            "the address of VERBATIM_METRICS_LISTEN is in use by another process; stop it or choose another port"
    }

    static func sentence(for error: any Error) -> String {
        if let error = error as? IOError, error.errnoCode == EADDRINUSE {
            return "the address of VERBATIM_LISTEN is in use by another process; stop it or choose another port"
        }
        return "\(error)"
    }
}

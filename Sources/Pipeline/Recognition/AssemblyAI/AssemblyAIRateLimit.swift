import Postgres
import Synchronization

/// Distinguishes a short rate limit from a lasting one, by how long all submissions of this process have ended with a 429.
///
/// It is kept in memory; another process, or this one after a restart, starts over.
final class AssemblyAIRateLimit: Sendable {
    private let timeout: Duration
    private let row = Mutex<(first: Timestamp, last: Timestamp)?>(nil)

    init(timeout: Duration) {
        self.timeout = timeout
    }

    func accepted() { row.withLock { $0 = nil } }

    /// Records a 429.
    ///
    /// - Returns: Whether the rate limit has lasted for the whole time-out.
    func refused(at now: Timestamp) -> Bool {
        row.withLock { row in
            // If the last 429 is too long ago, it says nothing any more, and a new row begins.
            if let known = row, now - known.last < timeout {
                row = (known.first, now)
            } else {
                row = (now, now)
            }
            return row.map { now - $0.first >= timeout } ?? false
        }
    }
}

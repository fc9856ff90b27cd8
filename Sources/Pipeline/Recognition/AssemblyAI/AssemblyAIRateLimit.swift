import Postgres
import Synchronization

/// Tells a rate limit that passes from one that does not: how long every attempt of this process to hand something in has ended
/// with a 429. Kept in memory; another process, or this one after a restart, waits anew.
final class AssemblyAIRateLimit: Sendable {
    private let timeout: Duration
    private let row = Mutex<(first: Timestamp, last: Timestamp)?>(nil)

    init(timeout: Duration) {
        self.timeout = timeout
    }

    func accepted() { row.withLock { $0 = nil } }

    /// - Returns: whether that is the end of patience.
    func refused(at now: Timestamp) -> Bool {
        row.withLock { row in
            // After a time without work the last refusal says nothing any more, and a row begins anew.
            if let known = row, now - known.last < timeout {
                row = (known.first, now)
            } else {
                row = (now, now)
            }
            return row.map { now - $0.first >= timeout } ?? false
        }
    }
}

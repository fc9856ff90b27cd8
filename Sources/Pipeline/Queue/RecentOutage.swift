import Synchronization

/// When the database last did not answer.
final class RecentOutage: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Whether that was so recently that not every worker has extended its leases since.
    var isRecent: Bool { last.withLock { $0.map { ContinuousClock.now - $0 < TaskQueue.heartbeat * 2 } ?? false } }

    func note() { last.withLock { $0 = .now } }
}

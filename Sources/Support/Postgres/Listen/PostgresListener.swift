// Listens for NOTIFY on a connection and a thread of its own.
//
// Guarantees: a hint of a (re)connection comes first on every connection, before its notifications. On failure: a lost
// connection is replaced, with pauses that grow to ten seconds; hints that nobody reads are dropped, the oldest first,
// beyond 1,024.

import Logging
import Synchronization

package final class PostgresListener: Sendable {
    /// For one reader. Ends with `close()`.
    package let notifications: AsyncStream<PostgresNotification>
    private let wake: WakePipe?
    private let end = ThreadEnd()

    /// Starts listening; of the configuration, what concerns one connection counts.
    package init(configuration: PostgresPool.Configuration, channels: [String], logger: Logger) {
        let (notifications, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(1024))
        self.notifications = notifications
        let end = end
        let wake = try? WakePipe()
        self.wake = wake
        do {
            guard let wake else { throw PostgresError.usage("no pipe could be made") }
            try DetachedThread.start(name: "pg-listen") {
                var loop = ListenLoop(
                    configuration: configuration, channels: channels, logger: logger, wake: wake,
                    notifications: continuation)
                loop.run()
                continuation.finish()
                end.signal()
            }
        } catch {
            // Hints are missed, no more: whoever reads them polls as well.
            logger.error("listening for notifications could not start: \(error)")
            continuation.finish()
            end.signal()
        }
    }

    deinit { wake?.signal() }

    /// Ends the stream and the connection, and waits for that: at most as long as one attempt to connect.
    package func close() async {
        wake?.signal()
        await end.wait()
    }
}

/// Tells when a thread is done.
private final class ThreadEnd: Sendable {
    private let state = Mutex((hasEnded: false, waiting: [CheckedContinuation<Void, Never>]()))

    func signal() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}

// Listens for NOTIFY, with its own connection and thread.
//
// Guarantees: on every connection, `reconnected` comes first, before its notifications. On failure: a lost connection is
// replaced, with pauses that grow to ten seconds. Of notifications that nobody reads, the latest 1,024 are kept.

import Concurrency
import Logging
import Synchronization

package final class PostgresListener: Sendable {
    /// The notifications, for one reader. The stream ends with `close()`.
    package let notifications: AsyncStream<PostgresNotification>
    private let wake: WakePipe?
    private let end = ThreadEnd()

    /// Starts listening. Uses those settings of the configuration that concern one connection.
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
            // This only makes readers slower, because they poll, too.
            logger.error("listening for notifications could not start: \(error)")
            continuation.finish()
            end.signal()
        }
    }

    deinit { wake?.signal() }

    /// Ends the stream and the connection, and waits until they have ended. This takes at most as long as one attempt to connect.
    package func close() async {
        wake?.signal()
        await end.wait()
    }
}

/// Lets callers wait for the end of a thread.
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

/// A NOTIFY of another session. It is only a hint and can be missed, so its reader must also poll.
package struct PostgresNotification: Sendable, Equatable {
    /// Empty if the listener has just connected: notifications may have been missed, so poll now.
    package let channel: String
    package let payload: String

    package init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }

    package static let reconnected = PostgresNotification(channel: "")
}

import Logging
import Postgres
import Synchronization
import Tenancy

/// Tells workers to poll now, because there is a task to claim, or because a job has ended and one of them may still be working on it.
///
/// It is only a hint. `NOTIFY` takes a lock on the whole cluster at commit. So it is sent after the transaction, separately, and at most one at a
/// time, however many jobs come.
package final class QueueHint: Sendable {
    package static let channel = "verbatim_tasks"

    private let databases: Databases
    private let logger: Logger
    private let state = Mutex((sending: false, again: false))

    package init(databases: Databases, logger: Logger) {
        self.databases = databases
        self.logger = logger
    }

    package func send() {
        let start = state.withLock { state in
            if state.sending {
                state.again = true
                return false
            }
            state.sending = true
            return true
        }
        if start { Task { await drain() } }
    }

    private func drain() async {
        repeat {
            do {
                _ = try await databases.system.execute("SELECT pg_notify(\(Self.channel), '')")
            } catch {
                // A lost hint only causes a delay, because workers also poll.
                logger.debug("queue hint not sent", metadata: ["error": "\(error)"])
            }
        } while again()
    }

    private func again() -> Bool {
        state.withLock { state in
            state.sending = state.again
            state.again = false
            return state.sending
        }
    }
}

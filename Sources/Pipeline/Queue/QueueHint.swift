import Logging
import Postgres
import Synchronization
import Tenancy

/// Tells workers to look now, because there is a task to claim, or because a job has ended and one of them may still be working on it.
///
/// It is only a hint. `NOTIFY` takes a lock on the whole cluster at commit. So it is sent after the transaction, separately, and at most one at a
/// time, however many jobs come.
package final class QueueHint: Sendable {
    package static let channel = "verbatim_tasks"

    package enum Reason: String, Sendable, CaseIterable {
        case queued, ended
    }

    private let databases: Databases
    private let logger: Logger
    private let state = Mutex((isSending: false, wanted: Set<Reason>()))

    package init(databases: Databases, logger: Logger) {
        self.databases = databases
        self.logger = logger
    }

    package func send(_ reason: Reason) {
        let start = state.withLock { state in
            state.wanted.insert(reason)
            defer { state.isSending = true }
            return !state.isSending
        }
        if start { Task { await drain() } }
    }

    private func drain() async {
        while let reason = next() {
            do {
                _ = try await databases.system.execute("SELECT pg_notify(\(Self.channel), \(reason.rawValue))")
            } catch {
                // A lost hint only causes a delay, because workers also poll.
                logger.debug("queue hint not sent", metadata: ["error": "\(error)"])
            }
        }
    }

    private func next() -> Reason? {
        state.withLock { state in
            let reason = state.wanted.popFirst()
            if reason == nil { state.isSending = false }
            return reason
        }
    }
}

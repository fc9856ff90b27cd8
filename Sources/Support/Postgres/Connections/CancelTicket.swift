// One piece of work on a connection, as its task sees it: the way by which a cancelled task stops a running statement.
//
// Guarantees: a cancel is sent only while this piece of work runs, repeated until it ends (the first may reach the
// server just before the statement does).

import Glibc
import Synchronization

final class CancelTicket: Sendable {
    private struct State {
        var isCancelled = false
        /// While the work runs.
        var canceller: StatementCanceller?
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// The work runs from here on.
    func start(_ canceller: StatementCanceller) { state.withLock { $0.canceller = canceller } }

    func end() { state.withLock { $0.canceller = nil } }

    /// Returns at once; the talking happens on a thread of its own, because it blocks.
    func cancel() {
        let isRunning = state.withLock { state in
            state.isCancelled = true
            state.canceller?.noteUse()
            return state.canceller != nil
        }
        // Without a thread the statement's time-out remains.
        if isRunning { try? DetachedThread.start(name: "pg-cancel") { self.sendUntilEnd() } }
    }

    private func sendUntilEnd() {
        var pause: UInt32 = 20_000
        while let canceller = state.withLock({ $0.canceller }) {
            canceller.send()
            usleep(pause)
            pause = min(pause * 2, 1_000_000)
        }
    }
}

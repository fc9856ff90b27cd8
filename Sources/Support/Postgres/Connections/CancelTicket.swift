// Lets a cancelled task stop the statement that it is running on a connection.
//
// Guarantees: cancel requests are sent only while the work runs. They are repeated until it ends, because the first one may
// reach the server before the statement does.

import Concurrency
import Glibc
import Synchronization

final class CancelTicket: Sendable {
    private struct State {
        var isCancelled = false
        /// Not nil while the work runs.
        var canceller: StatementCanceller?
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// The work begins.
    func start(_ canceller: StatementCanceller) { state.withLock { $0.canceller = canceller } }

    func end() { state.withLock { $0.canceller = nil } }

    /// Returns at once. The requests are sent on a thread of their own, because sending blocks.
    func cancel() {
        let isRunning = state.withLock { state in
            state.isCancelled = true
            state.canceller?.noteUse()
            return state.canceller != nil
        }
        // If no thread can be started, the statement ends by its time-out.
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

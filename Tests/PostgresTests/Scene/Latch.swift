import Dispatch
import Synchronization

/// Opens once. Tasks and connection threads can wait for it.
final class Latch: Sendable {
    private let state = Mutex((isOpen: false, waiting: [@Sendable () -> Void]()))

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for resume in waiting { resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in whenOpen { continuation.resume() } }
    }

    /// Waits in a transaction's closure, which may block its thread.
    func waitOnThisThread() {
        let semaphore = DispatchSemaphore(value: 0)
        whenOpen { semaphore.signal() }
        semaphore.wait()
    }

    private func whenOpen(_ resume: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiting.append(resume) }
            return state.isOpen
        }
        if isOpen { resume() }
    }
}

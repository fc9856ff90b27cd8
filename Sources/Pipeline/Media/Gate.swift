import Synchronization

/// Lets a fixed number through at a time; the others wait in the order they came, up to a limit.
///
/// A waiter that is cancelled leaves the line at once with `CancellationError`.
package final class Gate: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>
    private let maxWaiting: Int

    /// - Parameters:
    ///   - width: How many are let through at a time, at least 1.
    ///   - maxWaiting: How many may wait beside them.
    package init(width: Int, maxWaiting: Int) {
        state = Mutex(State(free: max(1, width)))
        self.maxWaiting = max(0, maxWaiting)
    }

    /// How many wait in line at this moment.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` once there is a place, and gives the place back however it ends.
    ///
    /// - Throws: `MediaError.overloaded` when the line is full; `CancellationError`; what `body` throws.
    nonisolated(nonsending) package func pass<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await body()
    }

    nonisolated(nonsending) private func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    // Set before the handler below runs: whichever of the two comes first, nobody waits for ever.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    if state.waiters.count >= maxWaiting { return .failure(MediaError.overloaded) }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func leave() {
        // The place goes to the first in line without becoming free in between, so nobody overtakes.
        let next = state.withLock { state -> Waiter? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.free += 1
            return nil
        }
        next?.continuation.resume()
    }
}

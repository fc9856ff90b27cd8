// Who has a connection and who waits for one. The lock is held only for operations on these lists.

import Synchronization

extension PostgresPool {
    struct IdleConnection: Sendable {
        let connection: PostgresConnection
        let since: ContinuousClock.Instant
    }

    /// The right to one of the `size` places: an idle connection, or nil if the caller has to open one.
    typealias Slot = IdleConnection?

    struct Waiter: Sendable {
        let id: Int
        let continuation: CheckedContinuation<Slot, any Error>
        /// Ends the wait after `acquireTimeout`.
        let timer: Task<Void, Never>

        func resume(with result: Result<Slot, any Error>) {
            timer.cancel()
            continuation.resume(with: result)
        }
    }

    struct State {
        /// Places without a connection that nobody holds.
        var free: Int
        var idle: [IdleConnection] = []
        var leased = 0
        /// The waiting callers in the order of arrival.
        var waiters: [Waiter] = []
        var lastWaiter = 0
        var isClosed = false
        /// Calls of `close()` that wait until nothing is leased.
        var drain: [Int: CheckedContinuation<Bool, Never>] = [:]

        init(size: Int) { free = size }

        /// Returns what a caller gets at once; nil if it has to wait.
        mutating func take(maxWaiters: Int) throws -> Slot? {
            if isClosed { throw PostgresError.usage("the connection pool is closed") }
            guard idle.isEmpty, free == 0 else {
                leased += 1
                if let connection = idle.popLast() { return .some(connection) }
                free -= 1
                return .some(nil)
            }
            guard waiters.count < maxWaiters else {
                throw PostgresError(
                    kind: .poolExhausted, message: "\(waiters.count) callers already wait for a connection")
            }
            return nil
        }

        mutating func nextID() -> Int {
            lastWaiter += 1
            return lastWaiter
        }
    }

    /// How many callers are waiting for a connection now.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    func acquire() async throws -> Slot {
        let (slot, id) = try state.withLock { state in
            (try state.take(maxWaiters: configuration.maxWaiters), state.nextID())
        }
        if let slot { return slot }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0, id: id) }
        } onCancel: {
            abandon(id, for: CancellationError())
        }
    }

    private func wait(_ continuation: CheckedContinuation<Slot, any Error>, id: Int) {
        let timer = Task { [configuration, weak self] in
            // The timer is cancelled when the wait is over.
            guard (try? await Task.sleep(for: configuration.acquireTimeout)) != nil else { return }
            let message = "no connection became free within \(configuration.acquireTimeout)"
            self?.abandon(id, for: PostgresError(kind: .timeout, message: message))
        }
        let waiter = Waiter(id: id, continuation: continuation, timer: timer)
        // Tries again under the lock, because a connection may have come back in between.
        let answer = state.withLock { state in
            Result { () throws -> Slot? in
                let slot = try state.take(maxWaiters: configuration.maxWaiters)
                if slot == nil { state.waiters.append(waiter) }
                return slot
            }
        }
        switch answer {
        case .success(.some(let slot)): waiter.resume(with: .success(slot))
        case .success(.none): if Task.isCancelled { abandon(id, for: CancellationError()) }
        case .failure(let error): waiter.resume(with: .failure(error))
        }
    }

    /// Removes a waiting caller, which gets `error`.
    private func abandon(_ id: Int, for error: any Error) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        waiter?.resume(with: .failure(error))
    }

    /// Gives a place to the caller that has waited longest, or keeps it. A closed pool takes no connection back: then this
    /// returns false and changes nothing.
    @discardableResult
    func release(_ slot: Slot) -> Bool {
        let (isTaken, waiter, drained) = state.withLock { state in
            if state.isClosed, slot != nil { return (false, Waiter?.none, [CheckedContinuation<Bool, Never>]()) }
            guard state.waiters.isEmpty else { return (true, state.waiters.removeFirst(), []) }
            state.leased -= 1
            if let slot { state.idle.append(slot) } else { state.free += 1 }
            guard state.leased == 0 else { return (true, nil, []) }
            defer { state.drain = [:] }
            return (true, nil, Array(state.drain.values))
        }
        waiter?.resume(with: .success(slot))
        for continuation in drained { continuation.resume(returning: true) }
        return isTaken
    }
}

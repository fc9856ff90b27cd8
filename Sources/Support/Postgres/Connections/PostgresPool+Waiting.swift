// Who has a place and who waits for one. The lock is held only for operations on these lists.

import Synchronization

extension PostgresPool {
    struct Waiter: Sendable {
        let id: Int
        let continuation: CheckedContinuation<Void, any Error>
        /// Ends the wait after `acquireTimeout`.
        let timer: Task<Void, Never>

        func resume(with result: Result<Void, any Error>) {
            timer.cancel()
            continuation.resume(with: result)
        }
    }

    struct State {
        /// Places that nobody holds. Whoever holds one may have one connection.
        var free: Int
        var leased = 0
        /// The waiting callers in the order of arrival.
        var waiters: [Waiter] = []
        var lastWaiter = 0
        var isClosed = false
        /// Calls of `close()` that wait until nothing is leased.
        var drain: [Int: CheckedContinuation<Bool, Never>] = [:]

        init(size: Int) { free = size }

        /// Takes a place. Returns false if the caller has to wait.
        mutating func take(maxWaiters: Int) throws -> Bool {
            if isClosed { throw PostgresError.usage("the connection pool is closed") }
            guard free == 0 else {
                leased += 1
                free -= 1
                return true
            }
            guard waiters.count < maxWaiters else {
                throw PostgresError(
                    kind: .poolExhausted, message: "\(waiters.count) callers already wait for a connection")
            }
            return false
        }

        mutating func nextID() -> Int {
            lastWaiter += 1
            return lastWaiter
        }
    }

    /// How many callers are waiting for a connection now.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// How many connections are in use now.
    package var inUse: Int { state.withLock { $0.leased } }

    /// How many connections it may have.
    package var size: Int { configuration.size }

    /// Takes a place, and waits for one if there is none.
    func acquire() async throws {
        let (isTaken, id) = try state.withLock { state in
            (try state.take(maxWaiters: configuration.maxWaiters), state.nextID())
        }
        if isTaken { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0, id: id) }
        } onCancel: {
            abandon(id, for: CancellationError())
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, any Error>, id: Int) {
        let timer = Task { [configuration, weak self] in
            // The timer is cancelled when the wait is over.
            guard (try? await Task.sleep(for: configuration.acquireTimeout)) != nil else { return }
            let message = "no connection became free within \(configuration.acquireTimeout)"
            self?.abandon(id, for: PostgresError(kind: .timeout, message: message))
        }
        let waiter = Waiter(id: id, continuation: continuation, timer: timer)
        // Tries again under the lock, because a place may have become free in between.
        let answer = state.withLock { state in
            Result { () throws -> Bool in
                let isTaken = try state.take(maxWaiters: configuration.maxWaiters)
                if !isTaken { state.waiters.append(waiter) }
                return isTaken
            }
        }
        switch answer {
        case .success(true): waiter.resume(with: .success(()))
        case .success(false): if Task.isCancelled { abandon(id, for: CancellationError()) }
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

    /// Gives a place to the caller that has waited longest, or keeps it.
    func release() {
        let (waiter, drained) = state.withLock { state -> (Waiter?, [CheckedContinuation<Bool, Never>]) in
            guard state.waiters.isEmpty else { return (state.waiters.removeFirst(), []) }
            state.leased -= 1
            state.free += 1
            guard state.leased == 0 else { return (nil, []) }
            defer { state.drain = [:] }
            return (nil, Array(state.drain.values))
        }
        waiter?.resume(with: .success(()))
        for continuation in drained { continuation.resume(returning: true) }
    }
}

// Closing a pool.

import Logging
import Synchronization

extension PostgresPool {
    /// Rejects new and waiting callers, closes idle connections, also those of other pools that share them, and waits for running work, at most
    /// `limit`. Work that is still running then goes on, and its connection is closed when it ends.
    package func close(within limit: Duration = .seconds(10)) async {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.isClosed = true
            return state.waiters
        }
        for waiter in waiters {
            waiter.resume(with: .failure(PostgresError.usage("the connection pool is closed")))
        }
        await idle.close()
        guard await isDrained(within: limit) else {
            logger.warning("database connections are still in use after the pool was closed")
            return
        }
    }

    private func isDrained(within limit: Duration) async -> Bool {
        let id = state.withLock { $0.nextID() }
        let timer = Task {
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            let continuation = state.withLock { $0.drain.removeValue(forKey: id) }
            continuation?.resume(returning: false)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.leased > 0 { state.drain[id] = continuation }
                return state.leased == 0
            }
            if isEmpty { continuation.resume(returning: true) }
        }
    }
}

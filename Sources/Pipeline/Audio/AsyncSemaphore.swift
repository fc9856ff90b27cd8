import Synchronization
import Tenancy

/// A semaphore for tasks. It lets a fixed number through at a time; the others wait in line, up to a limit, and tenants take turns.
///
/// Within a tenant, the first to come is the first to go. A free place goes to the tenant whose last turn is longest ago, however many
/// tasks of it wait. If there are two places or more, one tenant never holds all of them. In the line, a tenant may take at most as much
/// as it leaves free, so that others always find room. Tasks without a tenant take turns like one more tenant, but without these two
/// limits.
///
/// A cancelled waiter leaves the line at once with `CancellationError`.
package final class AsyncSemaphore: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var inside = 0
        var insideOf: [TenantID?: Int] = [:]
        var waiting = 0
        var waiters: [TenantID?: [Waiter]] = [:]
        /// The tenants that have waiters, the next one first.
        var turns: [TenantID?] = []
        var nextID: UInt64 = 0
    }

    private let state = Mutex(State())
    private let width: Int
    private let maxWaiting: Int

    /// - Parameters:
    ///   - width: How many tasks are let through at a time, at least 1.
    ///   - maxWaiting: How many more may wait.
    package init(width: Int, maxWaiting: Int) {
        self.width = max(1, width)
        self.maxWaiting = max(0, maxWaiting)
    }

    /// How many tasks are waiting now.
    package var waiting: Int { state.withLock { $0.waiting } }

    /// Runs `body` once there is a place, and gives the place back afterward.
    ///
    /// - Throws: `MediaError.overloaded` if the line is full; `.lineShareExhausted` if the tenant's share of it is; `CancellationError`;
    ///   what `body` throws.
    nonisolated(nonsending) package func pass<Value>(
        of tenant: TenantID? = nil, _ body: () async throws -> Value
    ) async throws -> Value {
        try await enter(tenant)
        defer { leave(tenant) }
        return try await body()
    }

    nonisolated(nonsending) private func enter(_ tenant: TenantID?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    // The task counts as cancelled before the handler below runs. So in either order, no waiter is left behind.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    // If a place is free, those who wait are not allowed to have it, so this overtakes nobody.
                    if state.inside < width, mayEnter(tenant, state) {
                        Self.letIn(tenant, &state)
                        return .success(())
                    }
                    if let refusal = refusal(of: tenant, state) { return .failure(refusal) }
                    let mine = state.waiters[tenant, default: []]
                    if mine.isEmpty { state.turns.append(tenant) }
                    state.waiters[tenant] = mine + [Waiter(id: id, continuation: continuation)]
                    state.waiting += 1
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters[tenant]?.firstIndex(where: { $0.id == id }) else { return nil }
                let waiter = state.waiters[tenant]?.remove(at: index)
                state.waiting -= 1
                if state.waiters[tenant]?.isEmpty == true { Self.forget(tenant, &state) }
                return waiter
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    private func leave(_ tenant: TenantID?) {
        // The next waiter gets the place under the same lock, so nobody can overtake it.
        let next = state.withLock { state in
            state.inside -= 1
            let left = (state.insideOf[tenant] ?? 1) - 1
            state.insideOf[tenant] = left > 0 ? left : nil
            return letNextIn(&state)
        }
        for waiter in next { waiter.continuation.resume() }
    }

    /// Returns the waiters to let in. Usually one; more if a place was kept free from those who waited.
    private func letNextIn(_ state: inout State) -> [Waiter] {
        var next: [Waiter] = []
        while state.inside < width, let turn = state.turns.firstIndex(where: { mayEnter($0, state) }) {
            let tenant = state.turns.remove(at: turn)
            guard let waiter = state.waiters[tenant]?.first else { continue }
            state.waiters[tenant]?.removeFirst()
            state.waiting -= 1
            // The tenant goes to the end of the turns.
            if state.waiters[tenant]?.isEmpty == true {
                state.waiters[tenant] = nil
            } else {
                state.turns.append(tenant)
            }
            Self.letIn(tenant, &state)
            next.append(waiter)
        }
        return next
    }

    /// Returns whether the tenant may have a place. It must leave one for others.
    private func mayEnter(_ tenant: TenantID?, _ state: State) -> Bool {
        tenant == nil || state.insideOf[tenant, default: 0] < max(1, width - 1)
    }

    private func refusal(of tenant: TenantID?, _ state: State) -> MediaError? {
        let mine = state.waiters[tenant]?.count ?? 0
        if state.waiting >= maxWaiting { return mine > 0 && tenant != nil ? .lineShareExhausted : .overloaded }
        let isOverShare = tenant != nil && mine > 0 && mine + 1 > maxWaiting - state.waiting - 1
        return isOverShare ? .lineShareExhausted : nil
    }

    private static func letIn(_ tenant: TenantID?, _ state: inout State) {
        state.inside += 1
        state.insideOf[tenant, default: 0] += 1
    }

    private static func forget(_ tenant: TenantID?, _ state: inout State) {
        state.waiters[tenant] = nil
        state.turns.removeAll { $0 == tenant }
    }
}

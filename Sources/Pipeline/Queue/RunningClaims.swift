/// What this node has claimed and is working on, and the means to stop that.
actor RunningClaims<Claim: Hashable & Sendable> {
    private var work: [Claim: Task<Void, Never>] = [:]
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

    var count: Int { work.count }
    var claims: [Claim] { Array(work.keys) }

    func count(where isMeant: (Claim) -> Bool) -> Int { work.keys.count(where: isMeant) }

    /// Starts `body` for `claim`; it counts as running until it returns.
    func start(_ claim: Claim, _ body: @escaping @Sendable () async -> Void) {
        work[claim] = Task {
            await body()
            self.ended(claim)
        }
    }

    /// Stops the work on claims that are not among `held`: another node has them, or they are no longer wanted.
    func cancel(allBut held: Set<Claim>, among claims: [Claim]) {
        for claim in claims where !held.contains(claim) { work[claim]?.cancel() }
    }

    /// Stops the work on those claims.
    func cancel(where isMeant: (Claim) -> Bool) {
        for (claim, task) in work where isMeant(claim) { task.cancel() }
    }

    /// Waits for what runs; after `limit`, or when this task is cancelled, stops it and waits for that. What is stopped hands itself back.
    func drain(within limit: Duration) async {
        await withTaskGroup { group in
            group.addTask { await self.idle() }
            group.addTask {
                try? await Task.sleep(for: limit)
                await self.cancelAll()
            }
            await group.next()
            group.cancelAll()
        }
        await idle()
    }

    private func cancelAll() {
        for task in work.values { task.cancel() }
    }

    /// Returns when nothing runs any more.
    private func idle() async {
        if work.isEmpty { return }
        await withCheckedContinuation { idleWaiters.append($0) }
    }

    private func ended(_ claim: Claim) {
        work[claim] = nil
        guard work.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }
}

/// The claims on which this node is working, with their tasks, so that they can be stopped.
actor RunningClaims<Claim: Hashable & Sendable> {
    private var work: [Claim: Task<Void, Never>] = [:]
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

    var count: Int { work.count }
    var claims: [Claim] { Array(work.keys) }

    func count(where isMeant: (Claim) -> Bool) -> Int { work.keys.count(where: isMeant) }

    /// Starts `body` for `claim`. The claim counts as running until `body` returns.
    func start(_ claim: Claim, _ body: @escaping @Sendable () async -> Void) {
        work[claim] = Task {
            await body()
            self.ended(claim)
        }
    }

    /// Stops the work on those of `claims` that are not in `held`: another node has them, or they are no longer wanted.
    func cancel(allBut held: Set<Claim>, among claims: [Claim]) {
        for claim in claims where !held.contains(claim) { work[claim]?.cancel() }
    }

    /// Stops the work on the matching claims.
    func cancel(where isMeant: (Claim) -> Bool) {
        for (claim, task) in work where isMeant(claim) { task.cancel() }
    }

    /// Waits until no work is running. After `limit`, or if this task is cancelled, stops the work and waits until it has ended. Stopped work
    /// hands its task back.
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

    /// Waits until no work is running.
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

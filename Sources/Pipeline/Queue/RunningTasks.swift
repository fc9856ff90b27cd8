/// The tasks that this worker is working on, and the means to stop them.
actor RunningTasks {
    private var work: [ClaimedTask: Task<Void, Never>] = [:]
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

    var count: Int { work.count }
    var claims: [ClaimedTask] { Array(work.keys) }

    /// Starts `body` for `claim`; it counts as running until it returns.
    func start(_ claim: ClaimedTask, _ body: @escaping @Sendable () async -> Void) {
        work[claim] = Task {
            await body()
            self.ended(claim)
        }
    }

    /// Stops the work on claims that are not among `held`: another worker has them, or their job has ended.
    func cancel(allBut held: Set<ClaimedTask>, among claims: [ClaimedTask]) {
        for claim in claims where !held.contains(claim) { work[claim]?.cancel() }
    }

    func cancelAll() {
        for task in work.values { task.cancel() }
    }

    /// Returns when nothing runs any more.
    func idle() async {
        if work.isEmpty { return }
        await withCheckedContinuation { idleWaiters.append($0) }
    }

    private func ended(_ claim: ClaimedTask) {
        work[claim] = nil
        guard work.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }
}

/// The events that this node is sending, and the means to stop that.
actor RunningDeliveries {
    private var work: [ClaimedDelivery: Task<Void, Never>] = [:]
    private var failing = 0
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

    /// How many more of that lane may be begun, of so many slots. Failing endpoints get no more than half of them.
    func room(_ lane: DeliveryLane, of slots: Int) -> Int {
        let free = slots - work.count
        return switch lane {
        case .answering: free
        case .failing: min(free, max(1, slots / 2) - failing)
        }
    }

    var count: Int { work.count }

    /// Starts `body` for `claim`; it counts as running until it returns.
    func start(_ claim: ClaimedDelivery, _ body: @escaping @Sendable () async -> Void) {
        if claim.lane == .failing { failing += 1 }
        work[claim] = Task {
            await body()
            self.ended(claim)
        }
    }

    func cancelAll() {
        for task in work.values { task.cancel() }
    }

    /// Returns when nothing runs any more.
    func idle() async {
        if work.isEmpty { return }
        await withCheckedContinuation { idleWaiters.append($0) }
    }

    private func ended(_ claim: ClaimedDelivery) {
        work[claim] = nil
        if claim.lane == .failing { failing -= 1 }
        guard work.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters = []
    }
}

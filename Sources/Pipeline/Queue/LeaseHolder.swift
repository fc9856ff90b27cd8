import ServiceLifecycle

/// Claims work under leases and runs it concurrently until it is told to stop. Workers and webhook senders share this type.
///
/// It claims when something has become due, when it is woken, and when some work ends. When told to stop, it claims no more work, lets running
/// work continue for a while, and stops the rest.
struct LeaseHolder<Claim: Hashable & Sendable>: Sendable {
    let running = RunningClaims<Claim>()
    let wake = WakeUpCalls()

    /// Runs until it is told to stop and no work is running any more.
    ///
    /// - Parameters:
    ///   - drain: how long running work may take to end after that.
    ///   - due: the calls of the node's ``WorkPoller``.
    ///   - claim: claims as much work as there is room for, and starts it.
    ///   - background: adds further tasks, which run until no work is running any more.
    ///   - draining: called when draining begins, with the number of running claims.
    func run(
        drain: Duration, due: AsyncStream<Void>, claim: @escaping @Sendable () async -> Void,
        background: (inout TaskGroup<Void>) -> Void = { _ in }, draining: (Int) -> Void = { _ in }
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in due { wake.call() } }
            background(&group)
            await wake.answer(claim)
            draining(await running.count)
            await running.drain(within: drain)
            group.cancelAll()
        }
    }

    /// Starts `work` on each of `claims`. When one ends, claims more.
    func start(_ claims: [Claim], _ work: @escaping @Sendable (Claim) async -> Void) async {
        for claim in claims {
            await running.start(claim) {
                await work(claim)
                wake.call()
            }
        }
    }
}

extension TaskGroup<Void> {
    /// Adds a task that runs `body` now and then again after each `interval`, until it is cancelled.
    mutating func addTask(every interval: Duration, _ body: @escaping @Sendable () async -> Void) {
        addTask {
            while !Task.isCancelled {
                await body()
                try? await Task.sleep(for: interval)
            }
        }
    }
}

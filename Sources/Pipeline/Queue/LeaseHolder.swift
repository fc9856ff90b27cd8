/// Claims work under leases and does it, much of it at a time, until it is told to stop: what workers and senders of webhooks share.
///
/// It looks for work every half second, when it is woken and when something ends; and every two seconds for what was lost with others'
/// leases. Told to stop it claims no more, lets what runs end for a while and stops the rest.
struct LeaseHolder<Claim: Hashable & Sendable>: Sendable {
    let running = RunningClaims<Claim>()
    let wake = WakeUpCalls()

    private static var pollInterval: Duration { .milliseconds(500) }
    private static var rescueInterval: Duration { .seconds(2) }

    /// Returns when nothing runs any more.
    ///
    /// - Parameters:
    ///   - drain: how long what runs may take to end once it is told to stop.
    ///   - claim: claims as much as there is room for, and starts it.
    ///   - rescue: gives back what others have lost; also while it drains.
    ///   - background: adds what goes on beside that, until nothing runs any more.
    ///   - draining: told how many run when it begins to drain.
    func run(
        drain: Duration, claim: @escaping @Sendable () async -> Void, rescue: @escaping @Sendable () async -> Void,
        background: (inout TaskGroup<Void>) -> Void = { _ in }, draining: (Int) -> Void = { _ in }
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(every: Self.rescueInterval, rescue)
            group.addTask(every: Self.pollInterval) { wake.call() }
            background(&group)
            await wake.answer(claim)
            draining(await running.count)
            await running.drain(within: drain)
            group.cancelAll()
        }
    }

    /// Starts `work` on each of `claims`. When it ends there is room for more.
    func start(_ claims: [Claim], _ work: @escaping @Sendable (Claim) async -> Void) async {
        for claim in claims {
            await running.start(claim) {
                await work(claim)
                wake.call()
            }
        }
    }
}

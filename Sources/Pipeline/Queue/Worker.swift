import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import Tenancy

/// Claims tasks and runs them, as many at a time as it has slots, until it is told to stop.
///
/// Tasks that need no engine have slots of their own: clean-ups, fetches, and questions to external engines. A tenant gets at most a quarter of
/// the slots for fetches, however slow its sources are. Preparations of long recordings also have slots of their own, half as many as the usual
/// slots. A tenant gets half of these, so that long recordings do not make short jobs wait.
///
/// Every claim is a lease that a heartbeat extends. If a worker dies, its leases expire and others take over. If it is only slow, its fence is too
/// old and it writes nothing. On shutdown it claims no more tasks, lets running ones continue for a while, and hands the rest back.
package struct Worker: Service {
    /// Slots for clean-ups, so that audio is deleted even if the engine does not answer or all other slots are taken.
    private static let cleanupSlots = 2
    /// Slots for questions to external engines. Each takes a moment.
    package static let pollSlots = 8
    /// How often it checks without a hint whether its running tasks are still wanted. So work on a cancelled job stops within this time.
    private static let lookInterval = Duration.seconds(1)
    /// A hint reaches all workers. One of them gets the task; those that look later need not look at all.
    private static let mostHesitation = Duration.milliseconds(50)

    private let queue: TaskQueue
    private let work: TaskWork
    private let listener: PostgresListener
    private let poller: WorkPoller
    private let due: AsyncStream<Void>
    private let slots: Int
    private let fetches: Int
    private let drain: Duration
    private let logger: Logger

    private let holder = LeaseHolder<ClaimedTask>()
    private let fault = RecentOutage()
    private let looks = WakeUpCalls()
    private let hesitation = Hesitation()

    /// - Parameters:
    ///   - poller: the node's.
    ///   - slots: how many tasks run at a time.
    ///   - fetches: how many fetches run at a time, besides those.
    ///   - drain: how long running tasks may take to end on shutdown.
    package init(
        queue: TaskQueue, work: TaskWork, listener: PostgresListener, poller: WorkPoller, slots: Int, fetches: Int = 16,
        drain: Duration = .seconds(20), logger: Logger
    ) {
        self.queue = queue
        self.work = work
        self.listener = listener
        self.poller = poller
        due = poller.calls(when: TaskQueue.isAnythingDue)
        self.slots = slots
        self.fetches = fetches
        self.drain = drain
        self.logger = logger
    }

    package func run() async throws {
        logger.info("worker started", metadata: ["slots": "\(slots)", "fetches": "\(fetches)"])
        await holder.run(
            drain: drain, due: due, claim: claim,
            background: { group in
                group.addTask(every: TaskQueue.heartbeat, extendLeases)
                group.addTask(every: Self.lookInterval) { looks.call() }
                group.addTask(every: Self.lookInterval, makeWay)
                // This goes on while draining.
                group.addTask { for await _ in looks.stream { await stopWhatEnded() } }
                group.addTask { for await hint in listener.notifications { await heed(hint) } }
            },
            draining: { logger.info("worker draining", metadata: ["running": "\($0)"]) })
        await listener.close()
        // A service that returns before the shutdown would end the whole process.
        try? await gracefulShutdown()
    }

    private var running: RunningClaims<ClaimedTask> { holder.running }
    private var wake: WakeUpCalls { holder.wake }

    /// Claims no more tasks from now on. Running tasks continue.
    package func stopClaiming() {
        wake.stop()
    }

    private func heed(_ hint: PostgresNotification) async {
        if hint.payload != QueueHint.Reason.queued.rawValue { looks.call() }
        if hint.payload != QueueHint.Reason.ended.rawValue, room(beside: await running.claims).isForNewJobs {
            hesitate()
        }
    }

    /// Looks in a moment, once for all hints until then.
    private func hesitate() {
        guard hesitation.value.exchange(true, ordering: .sequentiallyConsistent) == false else { return }
        Task {
            try? await Task.sleep(for: Self.mostHesitation * Double.random(in: 0...1))
            hesitation.value.store(false, ordering: .sequentiallyConsistent)
            wake.call()
        }
    }

    private func claim() async {
        do {
            var due = try await queue.look()
            if due.untended {
                try await queue.tend()
                due = try await queue.look()
            }
            if due.lost { await rescue() }
            let claims = await running.claims
            let room = room(beside: claims)
            if due.cleanups, room.cleanups > 0, !wake.isStopped {
                await start(try await queue.claimCleanups(limit: room.cleanups))
            }
            if due.polls, room.polls > 0, !wake.isStopped {
                await start(try await queue.claimPolls(limit: room.polls))
            }
            if due.slotKinds.contains(.fetches), !wake.isStopped { try await claimFetches(room, beside: claims) }
            let isForEngines = due.slotKinds.contains(.engines) && room.engines > 0
            let isForPreparations = due.slotKinds.contains(.preparations) && room.preparations > 0
            guard isForEngines || isForPreparations, await work.isReady() else { return }
            if isForEngines, !wake.isStopped { await start(try await queue.claim(limit: room.engines)) }
            if isForPreparations, !wake.isStopped {
                await start(
                    try await queue.claimPreparations(
                        limit: room.preparations, share: Preparations.share(of: Preparations.places(beside: slots)),
                        beside: Self.counts(claims.filter(\.isLong))))
            }
        } catch {
            fault.note()
            logger.failure("could not claim tasks", error)
        }
    }

    /// Free slots of each kind.
    private struct Room {
        let cleanups, polls, fetches, preparations, engines: Int

        var isForNewJobs: Bool { fetches > 0 || preparations > 0 || engines > 0 }
    }

    private func room(beside claims: [ClaimedTask]) -> Room {
        let cleanups = claims.count(where: \.kind.isCleanup)
        let polls = claims.count(where: \.isPoll)
        let fetching = claims.count { $0.kind == .fetch }
        let preparing = claims.count(where: \.isLong)
        return Room(
            cleanups: Self.cleanupSlots - cleanups, polls: Self.pollSlots - polls, fetches: fetches - fetching,
            preparations: Preparations.places(beside: slots) - preparing,
            engines: slots - (claims.count - cleanups - polls - fetching - preparing))
    }

    /// A tenant's share of the slots for fetches.
    private var fetchShare: Int { max(1, fetches / 4) }

    private func claimFetches(_ room: Room, beside claims: [ClaimedTask]) async throws {
        let fetching = claims.filter { $0.kind == .fetch }
        guard room.fetches > 0 else { return }
        await start(
            try await queue.claimFetches(limit: room.fetches, share: fetchShare, beside: Self.counts(fetching)))
    }

    /// Stops slow fetches that others wait for.
    private func makeWay() async {
        let fetching = await running.claims.filter { $0.kind == .fetch }
        guard !fetching.isEmpty, work.pace.hasSlow, !wake.isStopped else { return }
        do {
            try await makeWay(fetching)
        } catch {
            logger.failure("could not look for fetches that wait", error)
        }
    }

    private func makeWay(_ fetching: [ClaimedTask]) async throws {
        let full = Self.counts(fetching).filter { $0.value >= fetchShare }.map(\.key)
        let waiting = fetching.count >= fetches ? try await queue.waitingForFetches(besides: full) : 0
        let stopped = work.pace.makingWay(for: waiting, places: fetches)
        if !stopped.isEmpty { await running.cancel { stopped.contains($0.fence) } }
    }

    private static func counts(_ claims: [ClaimedTask]) -> [TenantID: Int] {
        Dictionary(grouping: claims, by: \.tenant).mapValues(\.count)
    }

    private func start(_ claims: [ClaimedTask]) async {
        await holder.start(claims) { await work.perform($0) }
    }

    private func extendLeases() async {
        let claims = await running.claims
        do {
            await running.cancel(allBut: try await queue.extend(claims), among: claims)
        } catch {
            fault.note()
            // A lease outlasts several heartbeats. If it expires all the same, the fence prevents late writes.
            logger.failure("could not extend leases", error)
        }
    }

    private func stopWhatEnded() async {
        let claims = await running.claims
        guard !claims.isEmpty, let held = try? await queue.held(claims) else { return }
        await running.cancel(allBut: held, among: claims)
    }

    private func rescue() async {
        // After an outage of the database, other workers must first get a chance to extend their leases.
        guard !fault.isRecent, !poller.isAfterOutage else { return }
        do {
            let (rescued, exhausted) = try await queue.rescue()
            if rescued > 0 {
                logger.warning("rescued tasks of lost workers", metadata: ["count": "\(rescued)"])
                wake.call()
            }
            for claim in exhausted { await work.giveUp(claim) }
        } catch {
            fault.note()
            logger.failure("could not look for lost tasks", error)
        }
    }
}

/// What a worker does with the tasks that it claims. None of it throws: the result of a task is in the database, or its lease expires.
package struct TaskWork: Sendable {
    /// Returns whether the engine is ready.
    let isReady: @Sendable () async -> Bool
    /// Runs one task to its end.
    let perform: @Sendable (ClaimedTask) async -> Void
    /// The speed of the fetches.
    let pace: FetchPace
    /// Ends a task whose workers all died.
    let giveUp: @Sendable (ClaimedTask) async -> Void

    package init(
        isReady: @escaping @Sendable () async -> Bool = { true },
        perform: @escaping @Sendable (ClaimedTask) async -> Void,
        giveUp: @escaping @Sendable (ClaimedTask) async -> Void = { _ in }, pace: FetchPace = FetchPace()
    ) {
        self.pace = pace
        self.isReady = isReady
        self.perform = perform
        self.giveUp = giveUp
    }
}

/// Whether a look is about to come.
private final class Hesitation: Sendable {
    let value = Atomic(false)
}

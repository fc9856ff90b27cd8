import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Whole workers around a scripted engine.
@Suite struct WorkerTests {
    /// When slots became free and when they were taken again.
    private final class SlotLog: Sendable {
        private let state = Mutex((freed: [Double](), waits: [Double](), jobs: 0))

        func began() {
            state.withLock { state in
                state.jobs += 1
                if !state.freed.isEmpty { state.waits.append(MachineClock.spare() - state.freed.removeFirst()) }
            }
        }

        func ended() { state.withLock { $0.freed.append(MachineClock.spare()) } }

        var jobs: Int { state.withLock { $0.jobs } }
        /// In seconds that the machine had to spare.
        var waits: [Double] { state.withLock { $0.waits.sorted() } }
    }

    private static func worker(
        _ scene: QueueScene, _ name: String, slots: Int, fetches: Int = 16,
        drain: Duration = .seconds(20), _ work: TaskWork
    ) -> [any Service] {
        let poller = WorkPoller(databases: scene.tenants.databases, logger: Logger(label: "test"))
        let worker = Worker(
            queue: TaskQueue(databases: scene.tenants.databases, worker: name), work: work,
            listener: PostgresListener(
                configuration: .init(url: scene.tenants.database.url, role: "verbatim_system", size: 1),
                channels: [QueueHint.channel], logger: Logger(label: "test")), poller: poller,
            slots: slots, fetches: fetches, drain: drain, logger: Logger(label: "test"))
        return [poller, worker]
    }

    private static func run(_ workers: [[any Service]], until body: () async throws -> Void) async throws {
        let logger = Logger(label: "test")
        let group = ServiceGroup(services: workers.flatMap { $0 }, logger: logger)
        async let running: Void = group.run()
        do {
            try await body()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test
    func `five hundred jobs of two tenants: a freed slot is filled within a second, and nobody waits for nothing`()
        async throws
    {
        try await QueueScene.run { scene in
            let log = SlotLog()
            let work = TaskWork(perform: { claim in
                guard claim.kind == .prepare else {
                    try? await scene.write(claim) { try $0.finish(in: $1) }
                    return
                }
                log.began()
                try? await scene.write(claim) { try $0.failJob(.internal, in: $1) }
                log.ended()
            })
            for number in 0..<500 {
                try await scene.submit(number.isMultiple(of: 3) ? scene.tenants.other : scene.tenants.example)
            }
            let workers = ["first", "second"].map { Self.worker(scene, $0, slots: 2, work) }
            try await Self.run(workers) {
                try await eventually("all jobs ran") { log.jobs == 500 }
            }
            let waits = log.waits
            #expect(waits.count >= 490)
            #expect(waits[waits.count * 99 / 100] < 1)
        }
    }

    @Test
    func
        `slow sources keep neither recognition nor another account's sources waiting, nor does an engine that is away`()
        async throws
    {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for _ in 0..<6 { try await scene.submitURL(one) }
            try await scene.submitURL(two)
            try await scene.submit(two)
            let begun = Mutex([ClaimedTask]())
            let isReady = Mutex(false)
            let work = TaskWork(
                isReady: { isReady.withLock { $0 } },
                perform: { claim in
                    begun.withLock { $0.append(claim) }
                    guard claim.kind == .fetch else { return }
                    // A server that drips: until the worker stops.
                    let (silence, end) = AsyncStream<Never>.makeStream()
                    for await _ in silence {}
                    end.finish()
                })
            try await Self.run([Self.worker(scene, "first", slots: 1, fetches: 4, drain: .zero, work)]) {
                try await eventually("both are fetched for") {
                    Set(begun.withLock { $0.filter { $0.kind == .fetch }.map(\.tenant) }) == [one, two]
                }
                isReady.withLock { $0 = true }
                try await eventually("the upload is worked on") {
                    begun.withLock { $0.contains { $0.kind == .prepare && $0.tenant == two } }
                }
            }
            #expect(begun.withLock { $0.count { $0.tenant == one } } == 1)
        }
    }

    /// Begins and holds preparations of long recordings, until the worker stops; others end at once.
    private final class LongWork: Sendable {
        private let state = Mutex(
            (held: [ClaimedTask](), most: [TenantID: Int](), mostOfAll: 0, short: [ClaimedTask]()))

        func work(_ scene: QueueScene) -> TaskWork {
            TaskWork(perform: { [self] claim in
                guard claim.isLong else {
                    state.withLock { $0.short.append(claim) }
                    // Also when the worker stops meanwhile.
                    await Task { try? await scene.write(claim) { try $0.failJob(.internal, in: $1) } }.value
                    return
                }
                state.withLock { state in
                    state.held.append(claim)
                    state.mostOfAll = max(state.mostOfAll, state.held.count)
                    let own = state.held.count { $0.tenant == claim.tenant }
                    state.most[claim.tenant] = max(state.most[claim.tenant] ?? 0, own)
                }
                let (silence, end) = AsyncStream<Never>.makeStream()
                for await _ in silence {}
                end.finish()
                state.withLock { state in state.held.removeAll { $0 == claim } }
                // This task was cancelled, and what it writes would be too.
                await Task { try? await scene.write(claim) { try $0.handBack(in: $1) } }.value
            })
        }

        var held: [ClaimedTask] { state.withLock { $0.held } }
        var short: Set<JobID> { state.withLock { Set($0.short.filter { $0.kind == .prepare }.map(\.job)) } }
        var most: (ofAll: Int, ofOne: Int) { state.withLock { ($0.mostOfAll, $0.most.values.max() ?? 0) } }
    }

    @Test(arguments: [(1, 1, 1), (2, 1, 1), (4, 2, 1), (9, 4, 2)], [1, 2])
    func `short jobs start while long preparations are held, of one account or of several, on few slots and many`(
        sizes: (slots: Int, places: Int, share: Int), accounts: Int
    ) async throws {
        try await QueueScene.run { scene in
            let tenants = [scene.tenants.example, scene.tenants.other].prefix(accounts)
            for _ in 0..<8 {
                for tenant in tenants { try await scene.submit(tenant, seconds: 700) }
            }
            let long = LongWork()
            let worker = Self.worker(scene, "first", slots: sizes.slots, drain: .zero, long.work(scene))
            try await Self.run([worker]) {
                let expected = min(sizes.places, sizes.share * accounts)
                try await eventually("the long ones are at work") { long.held.count == expected }
                let held = long.held
                var short: Set<JobID> = []
                for tenant in [scene.tenants.other, scene.tenants.example, scene.tenants.other] {
                    short.insert(try await scene.submit(tenant, seconds: 2).id)
                }
                try await eventually("all short ones have started") { long.short == short }
                #expect(long.held == held)
            }
            #expect(long.most.ofAll <= sizes.places)
            #expect(long.most.ofOne <= sizes.share)
            #expect(long.held.isEmpty)
            let left = try await scene.tenants.owner.query(
                "SELECT count(*) FILTER (WHERE status = 'ready' AND is_long), count(*) FILTER (WHERE status = 'running') FROM tasks WHERE kind = 'prepare'"
            )
            let (ready, running) = try left[0].decode(Int.self, Int.self)
            #expect(ready == 8 * accounts && running == 0)
        }
    }

    @Test func `a slow source makes way for another account's, and takes its turn again`() async throws {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for _ in 0..<2 { try await scene.submitURL(one) }
            var terms = FetchPace.Terms()
            terms.trial = .zero
            let pace = FetchPace(terms: terms)
            let begun = Mutex([TenantID]())
            let work = TaskWork(
                perform: { claim in
                    begun.withLock { $0.append(claim.tenant) }
                    try? await pace.watch(claim) { _ in
                        let (silence, end) = AsyncStream<Never>.makeStream()
                        for await _ in silence {}
                        end.finish()
                        try Task.checkCancellation()
                    }
                    await Task { try? await scene.write(claim) { try $0.handBack(in: $1) } }.value
                }, pace: pace)
            try await Self.run([Self.worker(scene, "first", slots: 1, fetches: 1, drain: .zero, work)]) {
                try await eventually("one's is fetched") { begun.withLock { $0 } == [one] }
                try await scene.submitURL(two)
                // Its own second one would have come first by its age.
                try await eventually("two's is fetched") { begun.withLock { $0.count > 1 } }
                #expect(begun.withLock { $0[1] } == two)
                try await eventually("one's is fetched again") { begun.withLock { $0.count > 2 } }
                #expect(begun.withLock { $0[2] } == one)
            }
        }
    }

    @Test func `audio is removed also while the engine is away`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            try await scene.submit()
            let cleaned = Mutex([TaskKind]())
            let work = TaskWork(
                isReady: { false },
                perform: { claim in
                    try? await scene.write(claim) { try $0.finish(in: $1) }
                    cleaned.withLock { $0.append(claim.kind) }
                })
            try await Self.run([Self.worker(scene, "first", slots: 2, work)]) {
                try await eventually("the audio is removed") { !cleaned.withLock { $0.isEmpty } }
            }
            #expect(cleaned.withLock { $0 } == [.clean])
        }
    }
}

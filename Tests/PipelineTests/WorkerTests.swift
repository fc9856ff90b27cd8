import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Whole workers around a scripted engine.
@Suite(.timeLimit(.minutes(10))) struct WorkerTests {
    /// When slots became free and when they were taken again.
    private final class SlotLog: Sendable {
        private let state = Mutex((freed: [ContinuousClock.Instant](), waits: [Duration](), jobs: 0))

        func began() {
            state.withLock { state in
                state.jobs += 1
                if !state.freed.isEmpty { state.waits.append(.now - state.freed.removeFirst()) }
            }
        }

        func ended() { state.withLock { $0.freed.append(.now) } }

        var jobs: Int { state.withLock { $0.jobs } }
        var waits: [Duration] { state.withLock { $0.waits.sorted() } }
    }

    private static func worker(
        _ scene: QueueScene, _ name: String, slots: Int, fetches: Int = 16,
        drain: Duration = .seconds(20), _ work: TaskWork
    ) -> Worker {
        Worker(
            queue: TaskQueue(databases: scene.tenants.databases, worker: name), work: work,
            listener: PostgresListener(
                configuration: .init(url: scene.tenants.database.url, role: "verbatim_system", size: 1),
                channels: [QueueHint.channel], logger: Logger(label: "test")),
            slots: slots, fetches: fetches, drain: drain, logger: Logger(label: "test"))
    }

    private static func run(_ workers: [Worker], until body: () async throws -> Void) async throws {
        let logger = Logger(label: "test")
        let group = ServiceGroup(services: workers, logger: logger)
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
                try await eventually("all jobs ran", within: 240) { log.jobs == 500 }
            }
            let waits = log.waits
            #expect(waits.count >= 490)
            #expect(waits[waits.count * 99 / 100] < .seconds(1))
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
                try await eventually("the audio is removed", within: 60) { !cleaned.withLock { $0.isEmpty } }
            }
            #expect(cleaned.withLock { $0 } == [.clean])
        }
    }
}

import Pipeline
import Synchronization
import Tenancy
import Testing

/// How tenants share the one line before the probes.
@Suite struct AsyncSemaphoreFairnessTests {
    private static let alice = TenantID(unchecked: "ten_alice")
    private static let charlie = TenantID(unchecked: "ten_charlie")

    /// Somebody inside, until it is let go.
    private struct Holder {
        let task: Task<Void, any Error>
        let release: AsyncStream<Void>.Continuation

        func leave() async throws {
            release.finish()
            try await task.value
        }
    }

    /// What several tasks note down.
    private final class Notes: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func add(_ text: String) { entries.withLock { $0.append(text) } }
    }

    private static func hold(_ semaphore: AsyncSemaphore, _ tenant: TenantID) async -> Holder {
        let (stream, release) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await semaphore.pass(of: tenant) {
                enter.finish()
                for await _ in stream {}
            }
        }
        for await _ in entered {}
        return Holder(task: task, release: release)
    }

    private static func untilWaiting(_ semaphore: AsyncSemaphore, _ count: Int) async {
        while semaphore.waiting != count { await Task.yield() }
    }

    @Test func `tenants take turns, however many of one wait in front`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 100)
        let holder = await Self.hold(semaphore, Self.alice)
        let order = Notes()
        var tasks: [Task<Void, any Error>] = []
        for name in ["alice 1", "alice 2", "alice 3", "alice 4", "charlie 1", "charlie 2"] {
            let tenant = name.hasPrefix("alice") ? Self.alice : Self.charlie
            tasks.append(Task { try await semaphore.pass(of: tenant) { order.add(name) } })
            await Self.untilWaiting(semaphore, tasks.count)
        }
        try await holder.leave()
        for task in tasks { try await task.value }
        #expect(order.all == ["alice 1", "charlie 1", "alice 2", "charlie 2", "alice 3", "alice 4"])
    }

    @Test func `one tenant never holds every place, though nobody else wants one`() async throws {
        let semaphore = AsyncSemaphore(width: 2, maxWaiting: 100)
        let first = await Self.hold(semaphore, Self.alice)
        let second = Task { try await semaphore.pass(of: Self.alice) {} }
        await Self.untilWaiting(semaphore, 1)
        // Past all of hers, at once.
        let other = await Self.hold(semaphore, Self.charlie)
        #expect(semaphore.waiting == 1)
        try await other.leave()
        // The place that Charlie leaves is not Alice's either.
        #expect(semaphore.waiting == 1)
        try await first.leave()
        try await second.value
    }

    @Test func `where there is one place, a tenant alone has it`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 1)
        #expect(try await semaphore.pass(of: Self.alice) { 7 } == 7)
    }

    @Test func `of the line a tenant has no more than it leaves free, and only that tenant is told`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 8)
        let holder = await Self.hold(semaphore, Self.alice)
        var waiters: [Task<Void, any Error>] = []
        for number in 1...4 {
            waiters.append(Task { try await semaphore.pass(of: Self.alice) {} })
            await Self.untilWaiting(semaphore, number)
        }
        await #expect(throws: MediaError.lineShareExhausted) { try await semaphore.pass(of: Self.alice) {} }
        for number in 1...2 {
            waiters.append(Task { try await semaphore.pass(of: Self.charlie) {} })
            await Self.untilWaiting(semaphore, 4 + number)
        }
        await #expect(throws: MediaError.lineShareExhausted) { try await semaphore.pass(of: Self.charlie) {} }
        // Whoever has nothing in it finds room to its last place.
        for number in 1...2 {
            let tenant = TenantID(unchecked: "ten_\(number)")
            waiters.append(Task { try await semaphore.pass(of: tenant) {} })
            await Self.untilWaiting(semaphore, 6 + number)
        }
        await #expect(throws: MediaError.overloaded) { try await semaphore.pass(of: TenantID(unchecked: "ten_9")) {} }
        try await holder.leave()
        for waiter in waiters { try await waiter.value }
        #expect(semaphore.waiting == 0)
    }

    @Test func `three hundred files of one tenant shut nobody out`() async throws {
        let semaphore = AsyncSemaphore(width: 2, maxWaiting: 256)
        let holder = await Self.hold(semaphore, Self.alice)
        let refused = Notes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<300 {
                group.addTask {
                    do {
                        try await semaphore.pass(of: Self.alice) {}
                    } catch MediaError.lineShareExhausted {
                        refused.add("refused")
                    }
                }
            }
            while refused.all.count + semaphore.waiting < 300 { await Task.yield() }
            // None of hers has moved, and Charlie's passes.
            for _ in 0..<50 { try await semaphore.pass(of: Self.charlie) {} }
            #expect(refused.all.count == 300 - 128)
            try await holder.leave()
            try await group.waitForAll()
        }
    }

    @Test(arguments: [1, 2, 3, 4]) func `cancelled waiters of any tenant keep nobody from passing`(width: Int)
        async throws
    {
        let semaphore = AsyncSemaphore(width: width, maxWaiting: 200)
        for round in 0..<20 {
            let tasks = (0..<60).map { number in
                Task {
                    try await semaphore.pass(of: TenantID(unchecked: "ten_\(number % 5)")) {
                        for _ in 0..<(number % 7) { await Task.yield() }
                    }
                }
            }
            for (number, task) in tasks.enumerated() where (number + round) % 3 == 0 { task.cancel() }
            for (number, task) in tasks.enumerated() {
                let result = await task.result
                if (number + round) % 3 != 0 { #expect(throws: Never.self) { try result.get() } }
            }
            #expect(semaphore.waiting == 0)
        }
        // All places are free again.
        var holders: [Holder] = []
        for number in 0..<width { holders.append(await Self.hold(semaphore, TenantID(unchecked: "ten_\(number)"))) }
        for holder in holders { try await holder.leave() }
    }
}

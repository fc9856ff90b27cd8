import Pipeline
import Synchronization
import Testing

/// What several tasks note down.
private final class Notes: Sendable {
    private let inside = Mutex((now: 0, most: 0))
    private let entries = Mutex<[Int]>([])

    var most: Int { inside.withLock { $0.most } }
    var order: [Int] { entries.withLock { $0 } }

    func enter(_ number: Int) {
        inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        entries.withLock { $0.append(number) }
    }

    func leave() {
        inside.withLock { $0.now -= 1 }
    }
}

@Suite struct AsyncSemaphoreTests {
    /// Holds a place until it is told to go.
    private func hold(_ semaphore: AsyncSemaphore) async -> (
        task: Task<Void, any Error>, release: AsyncStream<Void>.Continuation
    ) {
        let (stream, release) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await semaphore.pass {
                enter.finish()
                for await _ in stream {}
            }
        }
        for await _ in entered {}
        return (task, release)
    }

    private func untilWaiting(_ semaphore: AsyncSemaphore, _ count: Int) async {
        while semaphore.waiting != count { await Task.yield() }
    }

    @Test func `never more than the width are inside`() async throws {
        let semaphore = AsyncSemaphore(width: 3, maxWaiting: 100)
        let notes = Notes()
        try await withThrowingTaskGroup { group in
            for number in 0..<60 {
                group.addTask {
                    try await semaphore.pass {
                        notes.enter(number)
                        for _ in 0..<20 { await Task.yield() }
                        notes.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(notes.most <= 3)
        #expect(notes.order.count == 60)
    }

    @Test func `those who wait are let in by the order they came`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 10)
        let holder = await hold(semaphore)
        let notes = Notes()
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<5 {
            tasks.append(Task { try await semaphore.pass { notes.enter(number) } })
            await untilWaiting(semaphore, number + 1)
        }
        holder.release.finish()
        for task in tasks { try await task.value }
        #expect(notes.order == [0, 1, 2, 3, 4])
    }

    @Test func `a cancelled waiter leaves the line at once and takes no place`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 10)
        let holder = await hold(semaphore)
        let waiter = Task { try await semaphore.pass { Issue.record("it was let in") } }
        await untilWaiting(semaphore, 1)
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(semaphore.waiting == 0)
        holder.release.finish()
        try await holder.task.value
        #expect(try await semaphore.pass { true })
    }

    @Test func `a full line turns away`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 1)
        let holder = await hold(semaphore)
        let waiter = Task { try await semaphore.pass {} }
        await untilWaiting(semaphore, 1)
        await #expect(throws: MediaError.overloaded) { try await semaphore.pass {} }
        holder.release.finish()
        try await waiter.value
    }

    @Test func `an error inside gives the place back`() async throws {
        let semaphore = AsyncSemaphore(width: 1, maxWaiting: 1)
        await #expect(throws: MediaError.timedOut) { try await semaphore.pass { throw MediaError.timedOut } }
        #expect(try await semaphore.pass { 7 } == 7)
    }
}

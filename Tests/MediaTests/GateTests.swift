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

@Suite struct GateTests {
    /// Holds a place until it is told to go.
    private func hold(_ gate: Gate) async -> (task: Task<Void, any Error>, release: AsyncStream<Void>.Continuation) {
        let (stream, release) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await gate.pass {
                enter.finish()
                for await _ in stream {}
            }
        }
        for await _ in entered {}
        return (task, release)
    }

    private func untilWaiting(_ gate: Gate, _ count: Int) async {
        while gate.waiting != count { await Task.yield() }
    }

    @Test func `never more than the width are inside`() async throws {
        let gate = Gate(width: 3, maxWaiting: 100)
        let notes = Notes()
        try await withThrowingTaskGroup { group in
            for number in 0..<60 {
                group.addTask {
                    try await gate.pass {
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
        let gate = Gate(width: 1, maxWaiting: 10)
        let holder = await hold(gate)
        let notes = Notes()
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<5 {
            tasks.append(Task { try await gate.pass { notes.enter(number) } })
            await untilWaiting(gate, number + 1)
        }
        holder.release.finish()
        for task in tasks { try await task.value }
        #expect(notes.order == [0, 1, 2, 3, 4])
    }

    @Test func `a cancelled waiter leaves the line at once and takes no place`() async throws {
        let gate = Gate(width: 1, maxWaiting: 10)
        let holder = await hold(gate)
        let waiter = Task { try await gate.pass { Issue.record("it was let in") } }
        await untilWaiting(gate, 1)
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(gate.waiting == 0)
        holder.release.finish()
        try await holder.task.value
        #expect(try await gate.pass { true })
    }

    @Test func `a full line turns away`() async throws {
        let gate = Gate(width: 1, maxWaiting: 1)
        let holder = await hold(gate)
        let waiter = Task { try await gate.pass {} }
        await untilWaiting(gate, 1)
        await #expect(throws: MediaError.overloaded) { try await gate.pass {} }
        holder.release.finish()
        try await waiter.value
    }

    @Test func `an error inside gives the place back`() async throws {
        let gate = Gate(width: 1, maxWaiting: 1)
        await #expect(throws: MediaError.timedOut) { try await gate.pass { throw MediaError.timedOut } }
        #expect(try await gate.pass { 7 } == 7)
    }
}

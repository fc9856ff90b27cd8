import Dispatch
import Foundation
import Pipeline
import Synchronization
import Tenancy
import TestSupport
import Testing

@Suite struct TranscriptRendererTests {
    private let account = TenantID()

    /// Work that says when it has begun and does not end before it may, or until the limit tells that it never will.
    private final class Latch: Sendable {
        private let begun = Atomic<Int>(0)
        private let forgotten = Atomic<Int>(0)
        private let open = DispatchSemaphore(value: 0)

        var entered: Int { begun.load(ordering: .acquiring) }
        /// How many waited in vain.
        var overdue: Int { forgotten.load(ordering: .acquiring) }

        func pass() {
            begun.add(1, ordering: .acquiringAndReleasing)
            if open.wait(timeout: .now() + 20) == .timedOut { forgotten.add(1, ordering: .acquiringAndReleasing) }
        }

        func letPass(_ count: Int) { for _ in 0..<count { open.signal() } }
    }

    /// Work that waits a moment for other work beside it, and counts.
    private final class Meter: Sendable {
        private let counts = Mutex((now: 0, most: 0))
        private let company = DispatchSemaphore(value: 0)

        var most: Int { counts.withLock { $0.most } }

        func work() {
            let now = counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
                return counts.now
            }
            if now > 1 { company.signal() } else { _ = company.wait(timeout: .now() + 0.2) }
            counts.withLock { $0.now -= 1 }
        }
    }

    /// More blocked threads than Swift's pool has: were they its own, nothing here would go on.
    @Test func `work that blocks holds up nothing else`() async throws {
        let queues = ProcessInfo.processInfo.activeProcessorCount + 2
        let renderer = TranscriptRenderer(queues: queues)
        let latch = Latch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<queues { group.addTask { try await renderer.run(for: account, bytes: 1) { latch.pass() } } }
            try await eventually("all lanes at work") { latch.entered == queues }
            latch.letPass(queues)
            try await group.waitForAll()
        }
        #expect(latch.overdue == 0)
    }

    @Test func `no more work is done at a time than there are queues`() async throws {
        let renderer = TranscriptRenderer(queues: 1)
        let meter = Meter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await renderer.run(for: account, bytes: 1) { meter.work() } } }
            try await group.waitForAll()
        }
        #expect(meter.most == 1)
    }

    @Test func `what would wait beyond the bound is refused, a lone large one is not`() async throws {
        let renderer = TranscriptRenderer(queues: 1, mostBytes: 100)
        let latch = Latch()
        async let first: Void = renderer.run(for: account, bytes: 60) { latch.pass() }
        try await eventually("the first is at work") { latch.entered == 1 }
        async let second: Void = renderer.run(for: account, bytes: 30) { latch.pass() }
        try await eventually("the bound is reached") {
            do {
                try await renderer.run(for: account, bytes: 41) {}
                return false
            } catch TranscriptRendererError.overloaded {
                return true
            }
        }
        latch.letPass(2)
        try await first
        try await second
        #expect(latch.overdue == 0)
        let answer = try await renderer.run(for: account, bytes: 1_000) { 7 }
        #expect(answer == 7)
    }

    @Test func `a short transcript does not wait behind a long one while a queue is free`() async throws {
        let renderer = TranscriptRenderer(queues: 2)
        let latch = Latch()
        async let long: Void = renderer.run(for: account, bytes: 5_000_000) { latch.pass() }
        try await eventually("the long one is at work") { latch.entered == 1 }
        for _ in 0..<10 { try await renderer.run(for: account, bytes: 1_000) {} }
        latch.letPass(1)
        try await long
        #expect(latch.overdue == 0)
    }

    @Test func `an account that has much to do leaves a queue to the others`() async throws {
        let renderer = TranscriptRenderer(queues: 2)
        let (first, rest, account, other) = (Latch(), Latch(), account, TenantID())
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Both queues are empty at first, so it takes both; what comes then waits on one of them.
            for _ in 0..<2 { group.addTask { try await renderer.run(for: account, bytes: 1_000) { first.pass() } } }
            try await eventually("both queues are at work") { first.entered == 2 }
            for _ in 0..<6 { group.addTask { try await renderer.run(for: account, bytes: 1_000) { rest.pass() } } }
            try await eventually("all of it waits") { renderer.waiting(for: account) == 8 }
            async let reader: Void = renderer.run(for: other, bytes: 1_000) {}
            try await eventually("the reader waits") { renderer.waiting(for: other) == 1 }
            first.letPass(2)
            try await reader
            #expect(renderer.waiting(for: account) >= 6)
            rest.letPass(6)
            try await group.waitForAll()
        }
        #expect(first.overdue == 0 && rest.overdue == 0)
        #expect(renderer.waiting(for: account) == 0)
    }

    @Test func `a fault of the work is the caller's`() async throws {
        let renderer = TranscriptRenderer(queues: 1)
        await #expect(throws: CancellationError.self) {
            try await renderer.run(for: account, bytes: 1) { throw CancellationError() }
        }
        let answer = try await renderer.run(for: account, bytes: 1) { "still there" }
        #expect(answer == "still there")
    }
}

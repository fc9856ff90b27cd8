import Glibc
import Pipeline
import TestSupport
import Testing

@Suite struct TaskKindTests {
    @Test(arguments: [TaskKind.fetch, .prepare, .recognize, .diarize, .assemble])
    func `work is tried again five times, ever later, and then no more`(kind: TaskKind) throws {
        var generator = SeededGenerator(seed: 3)
        let delays = try (1...5).map { try #require(kind.retryDelay(attempt: $0, using: &generator)) }
        #expect(delays == delays.sorted())
        #expect(kind.retryDelay(attempt: 6, using: &generator) == nil)
    }

    @Test func `a fetch that finds the disk full waits for minutes, other work and other faults for seconds`() {
        let full = StorageError(errno: ENOSPC)
        #expect(Stages.pause(of: .fetch, after: full) == 120_000...300_000)
        #expect(Stages.pause(of: .prepare, after: full) == 5_000...15_000)
        #expect(Stages.pause(of: .fetch, after: StorageError(errno: EIO)) == 5_000...15_000)
        #expect(Stages.pause(of: .fetch, after: CancellationError()) == 5_000...15_000)
    }

    @Test func `audio that cannot be removed is tried again by the hour, without end`() {
        var generator = SeededGenerator(seed: 4)
        for attempt in [5, 100, 10_000] {
            #expect(TaskKind.clean.retryDelay(attempt: attempt, using: &generator) == .seconds(3600))
        }
    }
}

import Egress
import TestSupport
import Testing

@Suite struct RetryScheduleTests {
    @Test func `each failed attempt has its delay, and after the last there is none`() {
        var generator = SeededGenerator(seed: 8)
        let schedule = RetrySchedule(delays: [.seconds(1), .seconds(5), .zero], jitter: 0)
        #expect(schedule.delay(attempt: 1, using: &generator) == .seconds(1))
        #expect(schedule.delay(attempt: 2, using: &generator) == .seconds(5))
        #expect(schedule.delay(attempt: 3, using: &generator) == .zero)
        for attempt in [Int.min, -1, 0, 4, .max] {
            #expect(schedule.delay(attempt: attempt, using: &generator) == nil)
        }
        #expect(RetrySchedule(delays: [], jitter: 1).delay(attempt: 1, using: &generator) == nil)
    }

    @Test func `delays spread over the whole of their jitter and no further`() throws {
        var generator = SeededGenerator(seed: 9)
        let schedule = RetrySchedule(delays: [.seconds(100)], jitter: 0.2)
        let delays = try (0..<2_000).map { _ in try #require(schedule.delay(attempt: 1, using: &generator)) }
        #expect(delays.allSatisfy { (.seconds(80)...Duration.seconds(120)).contains($0) })
        #expect(delays.contains { $0 < .seconds(82) })
        #expect(delays.contains { $0 > .seconds(118) })
    }
}

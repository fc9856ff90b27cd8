import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct NodeRateLimitTests {
    private let clock = TestClock(at: Timestamp(milliseconds: 1_700_000_000_000))

    private func wait(_ limit: NodeRateLimit<String>, _ key: String = "a") -> Int? {
        do {
            try limit.take(key, at: clock.now())
            return nil
        } catch { return error.retryAfterSeconds }
    }

    @Test func `so many a minute pass, then the wait is told to the second`() {
        let limit = NodeRateLimit<String>(perMinute: 3, capacity: 10)
        for _ in 0..<3 {
            #expect(wait(limit) == nil)
            clock.advance(by: .seconds(10))
        }
        #expect(wait(limit) == 30)
        #expect(wait(limit, "b") == nil)
        clock.advance(by: .milliseconds(29_001))
        #expect(wait(limit) == 1)
        clock.advance(by: .milliseconds(999))
        #expect(wait(limit) == nil)
        // Only one has left the window.
        #expect(wait(limit) == 10)
    }

    @Test func `no minute sees twice the limit, wherever it begins`() {
        let limit = NodeRateLimit<String>(perMinute: 60, capacity: 10)
        var passed: [Int] = []
        for second in 0..<600 {
            for _ in 0..<5 where wait(limit) == nil { passed.append(second) }
            clock.advance(by: .seconds(1))
        }
        for start in 0..<540 {
            let inMinute = passed.filter { (start..<start + 60).contains($0) }.count
            #expect(inMinute <= 60)
        }
        #expect(passed.count == 600)
    }

    @Test func `knocking while it is closed does not keep it closed`() {
        let limit = NodeRateLimit<String>(perMinute: 1, capacity: 10)
        #expect(wait(limit) == nil)
        for _ in 0..<59 {
            clock.advance(by: .seconds(1))
            #expect(wait(limit) != nil)
        }
        clock.advance(by: .seconds(1))
        #expect(wait(limit) == nil)
    }

    @Test func `a clock that is set back locks nobody out`() {
        let limit = NodeRateLimit<String>(perMinute: 1, capacity: 10)
        #expect(wait(limit) == nil)
        clock.advance(by: .seconds(-3600))
        #expect(wait(limit) == nil)
    }

    @Test func `a flood of addresses takes no more room than there is, and those in use are kept`() {
        let limit = NodeRateLimit<String>(perMinute: 1, capacity: 1000)
        #expect(wait(limit, "busy") == nil)
        for number in 0..<100_000 {
            _ = wait(limit, "address \(number)")
            if number % 400 == 0 { #expect(wait(limit, "busy") == 60) }
        }
        // Whoever is remembered has no place left.
        // Asked from the last one on, so that what the questions add pushes out none that is still to be asked.
        let remembered = (0..<100_000).reversed().prefix { wait(limit, "address \($0)") != nil }.count
        #expect((500...1000).contains(remembered))
    }

    @Test func `a bounded dictionary forgets what was not used for longest`() {
        var recent = BoundedCache<Int, Int>(capacity: 8)
        for number in 0..<100 {
            recent[number] = number
            // In use all the time.
            #expect(recent[0] == 0)
            // In a copy, because a look counts as use.
            var copy = recent
            let known = (0...number).count { copy[$0] != nil }
            #expect(known <= 8)
        }
        // Half of them at least.
        for number in 97..<100 { #expect(recent[number] == number) }
        #expect(recent[1] == nil)
        recent[99] = nil
        #expect(recent[99] == nil)
    }
}

import Pipeline
import TestSupport
import Testing

/// A breaker of three failures and thirty seconds.
@Suite struct CircuitBreakerTests {
    private let time = SteadyTestClock()
    private let breaker: CircuitBreaker

    init() {
        let time = time
        breaker = CircuitBreaker(threshold: 3, pause: .seconds(30)) { time.now() }
    }

    @discardableResult
    private func call(_ outcome: CircuitBreaker.Outcome) throws -> Bool {
        breaker.leave(try #require(breaker.enter()), outcome)
    }

    @Test func `it opens at the third failure in a row, and says so once`() throws {
        let opened = try (0..<3).map { _ in try call(.failure) }
        #expect(opened == [false, false, true])
        #expect(breaker.enter() == nil)
    }

    @Test func `a success between failures begins the row anew, what is neither does not`() throws {
        for _ in 0..<10 {
            try call(.failure)
            try call(.failure)
            try call(.success)
        }
        try call(.failure)
        try call(.unknown)
        try call(.failure)
        try call(.unknown)
        #expect(try call(.failure))
        #expect(breaker.enter() == nil)
    }

    private func open() throws {
        for _ in 0..<3 { try call(.failure) }
    }

    @Test func `open, it lets nobody through for thirty seconds, then one`() throws {
        try open()
        time.advance(by: .milliseconds(29_999))
        #expect(breaker.enter() == nil)
        time.advance(by: .milliseconds(1))
        #expect(breaker.enter(mayTry: false) == nil)
        #expect(breaker.enter() != nil)
        #expect(breaker.enter() == nil)
        time.advance(by: .seconds(3_600))
        #expect(breaker.enter() == nil)
    }

    @Test func `the trial's success closes it, with a row that begins at nought`() throws {
        try open()
        time.advance(by: .seconds(30))
        #expect(try !call(.success))
        try call(.failure)
        try call(.failure)
        #expect(breaker.enter() != nil)
    }

    @Test func `the trial's failure opens it for another thirty seconds`() throws {
        try open()
        time.advance(by: .seconds(30))
        #expect(try call(.failure))
        time.advance(by: .seconds(29))
        #expect(breaker.enter() == nil)
        time.advance(by: .seconds(1))
        #expect(breaker.enter() != nil)
    }

    @Test func `after a trial that told nothing the next one may try`() throws {
        try open()
        time.advance(by: .seconds(30))
        try call(.unknown)
        #expect(breaker.enter() != nil)
        #expect(breaker.enter() == nil)
    }

    @Test(arguments: [CircuitBreaker.Outcome.success, .failure, .unknown])
    func `what began before it opened changes nothing afterward`(_ outcome: CircuitBreaker.Outcome) throws {
        let early = try #require(breaker.enter())
        try open()
        #expect(!breaker.leave(early, outcome))
        #expect(breaker.enter() == nil)
        time.advance(by: .seconds(30))
        let trial = try #require(breaker.enter())
        #expect(!breaker.leave(early, outcome))
        #expect(breaker.enter() == nil)
        breaker.leave(trial, .success)
        for _ in 0..<3 { breaker.leave(early, outcome) }
        #expect(breaker.enter() != nil)
    }

    @Test func `however many fail at once, it opens once and lets one try`() async throws {
        let breaker = breaker
        let opened = await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<200 {
                tasks.addTask { breaker.enter().map { breaker.leave($0, .failure) ? 1 : 0 } ?? 0 }
            }
            return await tasks.reduce(0, +)
        }
        #expect(opened == 1)
        time.advance(by: .seconds(30))
        let through = await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<200 { tasks.addTask { breaker.enter() == nil ? 0 : 1 } }
            return await tasks.reduce(0, +)
        }
        #expect(through == 1)
    }
}

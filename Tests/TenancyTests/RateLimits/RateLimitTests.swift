import Logging
import Postgres
import Tenancy
import TestSupport
import Testing

/// Limits that several nodes share.
@Suite struct RateLimitTests {
    private let clock = TestClock(at: Timestamp(milliseconds: 1_700_000_000_000))

    /// Returns the wait that the limit tells, in seconds; 0 if the call passed.
    private func delay(_ limit: RateLimit, _ databases: Databases, of caller: String = "a") async throws -> Int {
        do {
            try await limit.take(caller, at: clock.now(), on: databases.app)
            return 0
        } catch let error as RateLimited { return error.retryAfterSeconds }
    }

    private func check(_ limit: RateLimit, _ databases: Databases) async throws {
        let now = clock.now()
        try await databases.sessions.transaction { try limit.check("a", at: now, in: $0) }
    }

    @Test func `two nodes let through together what one may, and both tell the wait to the second`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let databases = tenants.databases
            let (first, second) = (RateLimit("logins", perMinute: 3), RateLimit("logins", perMinute: 3))
            for node in [first, second, first] {
                #expect(try await delay(node, databases) == 0)
                clock.advance(by: .seconds(10))
            }
            for node in [first, second] {
                #expect(try await delay(node, databases) == 30)
                #expect(throws: RateLimited(retryAfterSeconds: 30)) { try node.checkMemory("a", at: clock.now()) }
            }
            #expect(try await delay(second, databases, of: "b") == 0)
            #expect(try await delay(RateLimit("another", perMinute: 3), databases) == 0)
            clock.advance(by: .milliseconds(29_001))
            #expect(try await delay(second, databases) == 1)
            clock.advance(by: .milliseconds(999))
            #expect(try await delay(second, databases) == 0)
            // Only one has left the window.
            #expect(try await delay(first, databases) == 10)
        }
    }

    @Test func `no minute sees more than the limit, wherever it begins and whichever node is asked`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let nodes = (0..<3).map { _ in RateLimit("logins", perMinute: 10) }
            var random = SeededGenerator(seed: 7)
            var passed: [Int] = []
            for second in 0..<400 {
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    let node = nodes[Int.random(in: 0..<3, using: &random)]
                    if try await delay(node, tenants.databases) == 0 { passed.append(second) }
                }
                clock.advance(by: .seconds(1))
            }
            for start in 0..<340 {
                #expect(passed.count { (start..<start + 60).contains($0) } <= 10)
            }
            // Nothing is refused without need: each window of the first ten seconds is used up soon.
            #expect(passed.count > 55)
        }
    }

    @Test func `of three hundred calls at once by three nodes exactly as many pass as may`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let databases = (0..<3).map { _ in
                Databases(url: tenants.database.url, size: 4, logger: Logger(label: "test"))
            }
            for round in 0..<5 {
                let nodes = databases.map { (RateLimit("logins", perMinute: 60), $0) }
                let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<300 {
                        let (limit, databases) = nodes[number % 3]
                        group.addTask { try await delay(limit, databases, of: "round \(round)") == 0 }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(passed == 60)
            }
            for node in databases { await node.close() }
        }
    }

    @Test func `a caller that was refused costs no query until there is room, and is heard then`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let limit = RateLimit("logins", perMinute: 1)
            let elsewhere = RateLimit("logins", perMinute: 1)
            #expect(try await delay(elsewhere, tenants.databases) == 0)
            #expect(try await delay(limit, tenants.databases) == 60)
            let away = Databases(url: tenants.database.url, size: 4, logger: Logger(label: "test"))
            await away.close()
            clock.advance(by: .seconds(59))
            #expect(try await delay(limit, away) == 1)
            // The node that let the last one through knows, too.
            #expect(try await delay(elsewhere, away) == 1)
            clock.advance(by: .seconds(1))
            await #expect(throws: PostgresError.self) { try await delay(limit, away) }
            #expect(try await delay(limit, tenants.databases) == 0)
        }
    }

    @Test func `looking takes nothing`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let limit = RateLimit("logins", perMinute: 1)
            for _ in 0..<5 { try await check(limit, tenants.databases) }
            #expect(try await delay(limit, tenants.databases) == 0)
            for node in [limit, RateLimit("logins", perMinute: 1)] {
                await #expect(throws: RateLimited(retryAfterSeconds: 60)) { try await check(node, tenants.databases) }
            }
        }
    }

    @Test func `a clock that is set back locks nobody out, and one that is a little ahead lets nobody through`()
        async throws
    {
        try await Tenants.with { (tenants: Tenants) async throws in
            let (ahead, behind) = (RateLimit("logins", perMinute: 1), RateLimit("logins", perMinute: 1))
            #expect(try await delay(ahead, tenants.databases) == 0)
            clock.advance(by: .seconds(-2))
            #expect(try await delay(behind, tenants.databases) == 62)
            clock.advance(by: .seconds(-3600))
            #expect(try await delay(ahead, tenants.databases) == 0)
            #expect(try await delay(behind, tenants.databases) == 60)
        }
    }

    @Test func `what no limit needs is deleted, and neither an address nor a name stands in the table`() async throws {
        try await Tenants.with { (tenants: Tenants) async throws in
            let limit = RateLimit("logins", perMinute: 5)
            let now = Timestamp.now()
            try await limit.take("old@example.com", at: now - .seconds(180), on: tenants.databases.app)
            try await limit.take("new@example.com", at: now, on: tenants.databases.app)
            func callers() async throws -> Int {
                try await tenants.owner.query("SELECT count(*) FROM rate_limit_calls")[0].decode(Int.self)
            }
            #expect(try await callers() == 2)
            try await RateLimit.sweep(on: tenants.databases.system)
            #expect(try await callers() == 1)
            let readable = try await tenants.owner.query(
                "SELECT count(*) FROM rate_limit_calls c WHERE c::text LIKE '%example%'")
            #expect(try readable[0].decode(Int.self) == 0)
        }
    }
}

import Postgres
import Tenancy
import TestSupport
import Testing

/// How often members may sign in, over two nodes.
@Suite struct MemberLimitTests {
    private static let password = "a long password"

    private struct Scene {
        let tenants: Tenants
        let clock = TestClock()
        let argon2 = Argon2(threads: 2)
        let nodes: [MemberSignIn]

        init(_ tenants: Tenants) async throws {
            let (clock, argon2) = (clock, argon2)
            self.tenants = tenants
            nodes = (0..<2).map { _ in
                MemberSignIn(databases: tenants.databases, argon2: argon2, clock: clock.now)
            }
            let tenant = tenants.example
            let link = try await tenants.databases.app.transaction(of: tenant) { transaction in
                try MemberLink.make(
                    for: try Member.invite("Olga@example.com", role: .owner, to: tenant, in: transaction),
                    in: transaction)
            }
            _ = try await nodes[0].setPassword(MemberLimitTests.password, by: link.token, from: "192.0.2.1")
        }

        func signIn(
            _ email: String = "olga@example.com", _ password: String = MemberLimitTests.password,
            from network: String = "192.0.2.1", at node: Int
        ) async throws {
            _ = try await nodes[node % 2].signIn(email: email, password: password, from: network)
        }
    }

    private static func run(_ body: @escaping (Scene) async throws -> Void) async throws {
        try await Tenants.with { try await body(try await Scene($0)) }
    }

    @Test func `after ten wrong passwords from an address the right one is refused there, at each node`() async throws {
        try await Self.run { scene in
            for number in 0..<10 {
                // However it is written.
                let email = number.isMultiple(of: 3) ? "OLGA@example.com" : "olga@Example.COM"
                await #expect(throws: MemberSignIn.Refusal.wrong) {
                    try await scene.signIn(email, "something wrong", from: "198.51.100.1", at: number)
                }
            }
            let runs = scene.argon2.runs
            for node in 0..<2 {
                await #expect(throws: RateLimited.self) { try await scene.signIn(from: "198.51.100.1", at: node) }
                try await scene.signIn(from: "192.0.2.2", at: node)
            }
            #expect(scene.argon2.runs == runs + 2)
            scene.clock.advance(by: .seconds(60))
            try await scene.signIn(from: "198.51.100.1", at: 0)
        }
    }

    @Test func `of a hundred guesses at once on two nodes ten are told, and the right one among them is not found`()
        async throws
    {
        try await Self.run { scene in
            let told = await withTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        do {
                            try await scene.signIn(
                                "olga@example.com", "guess \(number)", from: "198.51.100.1", at: number)
                            return "right"
                        } catch { return error is RateLimited ? "limited" : "wrong" }
                    }
                }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(told == ["wrong": 10, "limited": 90])
            await #expect(throws: RateLimited.self) { try await scene.signIn(from: "198.51.100.1", at: 0) }
        }
    }

    @Test func `a right password that is checked together with too many wrong ones is not told`() async throws {
        try await Self.run { scene in
            let moment = scene.clock.now().milliseconds
            // As another node counts ten wrong ones, after this one has looked and before it decides.
            for statement in [
                """
                CREATE FUNCTION guess() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                    INSERT INTO rate_limit_calls
                    VALUES ('wrong passwords', sha256('olga@example.com 198.51.100.1'), array_fill(\(moment)::bigint, '{10}'));
                    RETURN NULL;
                END $$
                """,
                """
                CREATE CONSTRAINT TRIGGER guess AFTER INSERT ON rate_limit_calls DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (NEW.rate_limit = 'sign-in calls') EXECUTE FUNCTION guess()
                """,
            ] {
                try await scene.tenants.owner.execute(PostgresQuery(unescaped: statement))
            }
            let runs = scene.argon2.runs
            await #expect(throws: RateLimited(retryAfterSeconds: 60)) {
                try await scene.signIn(from: "198.51.100.1", at: 0)
            }
            #expect(scene.argon2.runs == runs + 1)
            // The one that the link began.
            let sessions = try await scene.tenants.owner.query("SELECT count(*) FROM member_sessions")
            #expect(try sessions[0].decode(Int.self) == 1)
        }
    }

    @Test func `a hundred wrong passwords a minute are checked for an e-mail address, from wherever they come`()
        async throws
    {
        try await Self.run { scene in
            for number in 0..<100 {
                await #expect(throws: MemberSignIn.Refusal.wrong) {
                    try await scene.signIn(
                        "olga@example.com", "something wrong", from: "198.51.100.\(number / 10)", at: number)
                }
            }
            for node in 0..<2 {
                await #expect(throws: RateLimited.self) { try await scene.signIn(from: "203.0.113.1", at: node) }
            }
            // Nobody else is.
            await #expect(throws: MemberSignIn.Refusal.wrong) {
                try await scene.signIn("ida@example.com", "something wrong", from: "203.0.113.1", at: 0)
            }
        }
    }

    @Test func `sixty sign-ins a minute, and six hundred calls of a network`() async throws {
        try await Self.run { scene in
            for number in 0..<60 { try await scene.signIn(from: "192.0.2.\(number)", at: number) }
            for node in 0..<2 { await #expect(throws: RateLimited.self) { try await scene.signIn(at: node) } }
            for number in 0..<600 {
                await #expect(throws: MemberLink.Refusal.unusable) {
                    _ = try await scene.nodes[number % 2].setPassword(
                        Self.password, by: String(repeating: "a", count: 43), from: "203.0.113.9")
                }
            }
            for node in scene.nodes {
                await #expect(throws: RateLimited.self) {
                    _ = try await node.setPassword(
                        Self.password, by: String(repeating: "a", count: 43), from: "203.0.113.9")
                }
            }
        }
    }
}

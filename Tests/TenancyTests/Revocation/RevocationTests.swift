import Logging
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

@Suite struct RevocationTests {
    private struct Scene: Sendable {
        let tenants: Tenants
        let revocations: Revocations
        let clock: SteadyTestClock
        let alice: Principal
        let charlie: Principal

        /// - Parameter pool: where revocations look, if not straight into the database.
        static func run(
            timeout: Duration = .seconds(30), pool: (Tenants) throws -> PostgresPool = { $0.databases.system },
            _ body: (Scene) async throws -> Void
        ) async throws {
            try await Tenants.with { tenants in
                let alice = Principal(
                    tenant: tenants.example, key: try await tenants.issueKey(for: tenants.example).id)
                let charlie = Principal(tenant: tenants.other, key: try await tenants.issueKey(for: tenants.other).id)
                let clock = SteadyTestClock()
                try await body(
                    Scene(
                        tenants: tenants,
                        revocations: Revocations(pool: try pool(tenants), timeout: timeout, now: clock.now),
                        clock: clock, alice: alice, charlie: charlie))
            }
        }

        func look() async throws { try await revocations.refresh() }

        func refusal(of principal: Principal) async -> AccessRefusal? {
            do {
                try await revocations.check(principal)
                return nil
            } catch { return error }
        }

        func revoke(_ principal: Principal) async throws {
            try await tenants.owner.execute("UPDATE api_keys SET revoked_at = now() WHERE id = \(principal.key)")
        }

        /// Keeps everybody from reading the keys while `body` runs.
        func withKeysLocked(_ body: @escaping @Sendable () async throws -> Void) async throws {
            try await tenants.owner.whileOpen(
                { try $0.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE") }, body)
        }

        /// How many looks wait for somebody's lock.
        func looksWaiting() async throws -> Int {
            try await tenants.owner.query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%WHERE revoked_at > now()%'
                """
            ).map { try $0.decode(Int.self) }[0]
        }
    }

    private final class Tally: Sendable {
        private let value = Atomic<Int>(0)
        var count: Int { value.load(ordering: .sequentiallyConsistent) }
        func add() { value.add(1, ordering: .sequentiallyConsistent) }
    }

    @Test(arguments: ["revoked_at", "expires_at"])
    func `a key that ended is refused as long as its last token could live, and no longer`(column: String) async throws
    {
        try await Scene.run { scene in
            func end(_ minutesAgo: Int) async throws -> AccessRefusal? {
                try await scene.tenants.owner.execute(
                    """
                    UPDATE api_keys SET \(unescaped: column) = now() - make_interval(mins => \(Int32(minutesAgo)))
                    WHERE id = \(scene.alice.key)
                    """)
                try await scene.look()
                #expect(await scene.refusal(of: scene.charlie) == nil)
                return await scene.refusal(of: scene.alice)
            }
            try await scene.look()
            #expect(await scene.refusal(of: scene.alice) == nil)
            #expect(try await end(0) == .keyIsOver)
            #expect(try await end(61) == .keyIsOver)
            #expect(try await end(63) == nil)
        }
    }

    @Test func `a key that will end is good until then`() async throws {
        try await Scene.run { scene in
            try await scene.tenants.owner.execute("UPDATE api_keys SET expires_at = now() + interval '1 minute'")
            try await scene.look()
            #expect(await scene.refusal(of: scene.alice) == nil)
        }
    }

    @Test func `a suspended tenant is refused until it is resumed, the others never`() async throws {
        try await Scene.run { scene in
            let example = scene.tenants.example
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended' WHERE id = \(example)")
            try await scene.look()
            #expect(await scene.refusal(of: scene.alice) == .tenantIsSuspended)
            #expect(await scene.refusal(of: scene.charlie) == nil)
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'active' WHERE id = \(example)")
            try await scene.look()
            #expect(await scene.refusal(of: scene.alice) == nil)
        }
    }

    @Test func `a deleted account is refused like its keys, and is in no look once its last token is over`()
        async throws
    {
        try await Scene.run { scene in
            let (owner, example) = (scene.tenants.owner, scene.tenants.example)
            _ = try await owner.transaction { try Tenant.end(example, in: $0) }
            try await scene.look()
            #expect(await scene.refusal(of: scene.alice) == .keyIsOver)
            #expect(await scene.refusal(of: scene.charlie) == nil)
            // Ten thousand others left long ago.
            try await owner.execute(
                """
                INSERT INTO tenants (id, name, plan, status)
                SELECT 'ten_' || lpad(n::text, 26, '0'), 'deleted', 'pro', 'deleted' FROM generate_series(1, 10000) n
                """)
            try await owner.execute(
                "UPDATE api_keys SET revoked_at = now() - interval '63 minutes' WHERE revoked_at IS NOT NULL")
            try await owner.execute("ANALYZE tenants, api_keys")
            let read = try await scene.tenants.databases.system.transaction { transaction in
                let query: PostgresQuery = """
                    SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int8 FROM pg_stat_xact_user_tables
                    WHERE relname IN ('tenants', 'api_keys')
                    """
                let before = try transaction.first(query, as: Int64.self) ?? 0
                _ = try Revocations.Look.take(since: nil, in: transaction)
                return (try transaction.first(query, as: Int64.self) ?? 0) - before
            }
            #expect(read <= 10)
        }
    }

    @Test func `what was seen counts for a second, then the database is asked`() async throws {
        try await Scene.run { scene in
            try await scene.look()
            try await scene.revoke(scene.alice)
            scene.clock.advance(by: .milliseconds(999))
            #expect(await scene.refusal(of: scene.alice) == nil)
            scene.clock.advance(by: .milliseconds(1))
            #expect(await scene.refusal(of: scene.charlie) == nil)
            #expect(await scene.refusal(of: scene.alice) == .keyIsOver)
        }
    }

    @Test func `when the database has not been asked for a second, nobody is let in`() async throws {
        let kept = Mutex<PostgresPool?>(nil)
        let pool = { (tenants: Tenants) in
            let pool = tenants.database.pool(role: "verbatim_system")
            kept.withLock { $0 = pool }
            return pool
        }
        try await Scene.run(pool: pool) { scene in
            #expect(await scene.refusal(of: scene.charlie) == nil)
            try await scene.revoke(scene.alice)
            try await scene.look()
            await kept.withLock { $0 }?.close()
            await #expect(throws: PostgresError.self) { try await scene.look() }
            #expect(await scene.refusal(of: scene.charlie) == nil)
            scene.clock.advance(by: .seconds(1))
            #expect(await scene.refusal(of: scene.charlie) == .unknown)
            // That one was over does not change.
            #expect(await scene.refusal(of: scene.alice) == .keyIsOver)
        }
    }

    @Test func `while the database hangs nobody is let in, all wait for one look, and go on when it comes`()
        async throws
    {
        try await Scene.run { scene in
            try await scene.look()
            scene.clock.advance(by: .seconds(1))
            let ended = Tally()
            let requests = Mutex<[Task<AccessRefusal?, Never>]>([])
            try await scene.withKeysLocked {
                for number in 0..<100 {
                    let request = Task {
                        defer { ended.add() }
                        return await scene.refusal(of: number % 2 == 0 ? scene.alice : scene.charlie)
                    }
                    requests.withLock { $0.append(request) }
                }
                try await eventually("a look waits") { try await scene.looksWaiting() == 1 }
                #expect(try await scene.looksWaiting() == 1)
                #expect(ended.count == 0)
            }
            for request in requests.withLock({ $0 }) { #expect(await request.value == nil) }
        }
    }

    @Test func `a request waits for no longer than its time-out`() async throws {
        try await Scene.run(timeout: .milliseconds(100)) { scene in
            try await scene.look()
            scene.clock.advance(by: .seconds(1))
            try await scene.withKeysLocked { #expect(await scene.refusal(of: scene.charlie) == .unknown) }
            try await eventually("it is let in again") { await scene.refusal(of: scene.charlie) == nil }
        }
    }

    @Test func `a connection on which nothing comes any more is replaced`() async throws {
        try await Self.proxied { scene, proxy in
            try await scene.look()
            try await scene.revoke(scene.alice)
            proxy.stallConnections()
            scene.clock.advance(by: .seconds(1))
            #expect(await scene.refusal(of: scene.alice) == .keyIsOver)
            #expect(await scene.refusal(of: scene.charlie) == nil)
        }
    }

    @Test func `a database from which nothing comes any more lets nobody in, and is believed when it is back`()
        async throws
    {
        try await Self.proxied(timeout: .milliseconds(200)) { scene, proxy in
            try await eventually("the first look") { await scene.refusal(of: scene.charlie) == nil }
            try await scene.revoke(scene.alice)
            proxy.stall()
            scene.clock.advance(by: .seconds(1))
            #expect(await scene.refusal(of: scene.alice) == .unknown)
            #expect(await scene.refusal(of: scene.charlie) == .unknown)
            // The look itself ends, too.
            await #expect(throws: PostgresError.self) { try await scene.look() }
            proxy.resume()
            try await eventually("it answers again") { await scene.refusal(of: scene.charlie) == nil }
            #expect(await scene.refusal(of: scene.alice) == .keyIsOver)
        }
    }

    /// Looks go by way of a proxy, over one connection that is cut when it hangs.
    private static func proxied(
        timeout: Duration = .seconds(30), _ body: (Scene, StallingProxy) async throws -> Void
    ) async throws {
        let kept = Mutex<(StallingProxy, PostgresPool)?>(nil)
        try await Scene.run(
            timeout: timeout,
            pool: { tenants in
                let proxy = try StallingProxy(to: tenants.database.url)
                let pool = PostgresPool(
                    configuration: .init(
                        url: proxy.url, role: "verbatim_system", size: 1, acquireTimeout: .seconds(120),
                        workTimeout: .milliseconds(500)),
                    logger: Logger(label: "test"))
                kept.withLock { $0 = (proxy, pool) }
                return pool
            }
        ) { scene in
            let (proxy, pool) = try #require(kept.withLock { $0 })
            try await body(scene, proxy)
            await pool.close()
        }
    }
}

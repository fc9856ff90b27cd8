import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct IdempotencyKeyTests {
    private static func begin(_ key: String, _ scene: QueueScene, _ tenant: TenantID? = nil) async throws
        -> IdempotencyKey
    {
        try await IdempotencyKey.begin(
            key, of: tenant ?? scene.tenants.example, by: .key(try #require(APIKeyID(rawValue: "abcdefghijkl"))),
            on: scene.tenants.databases.app)
    }

    private static func claim(_ key: String, _ scene: QueueScene) async throws -> IdempotencyClaim {
        guard case .claimed(var claim) = try await begin(key, scene) else { throw Unexpected() }
        claim.fingerprint = [UInt8](repeating: 7, count: 32)
        return claim
    }

    private struct Unexpected: Error {}

    private static func isInProgress(_ key: IdempotencyKey) -> Bool {
        if case .inProgress = key { true } else { false }
    }

    @Test func `a key is one request's until that is accepted, then it gives the first answer`() async throws {
        try await QueueScene.run { scene in
            let claim = try await Self.claim("k", scene)
            #expect(Self.isInProgress(try await Self.begin("k", scene)))
            let job = try await scene.submit(under: claim, answer: Array("first".utf8))
            guard case .answered(let fingerprint, let known, let answer) = try await Self.begin("k", scene) else {
                throw Unexpected()
            }
            #expect(fingerprint == claim.fingerprint)
            #expect(known == job.id)
            #expect(answer == Array("first".utf8))
        }
    }

    @Test func `a refused request frees its key`() async throws {
        try await QueueScene.run { scene in
            let claim = try await Self.claim("k", scene)
            try await claim.abandon(on: scene.tenants.databases.app)
            _ = try await Self.claim("k", scene)
        }
    }

    @Test func `two tenants' keys are two keys`() async throws {
        try await QueueScene.run { scene in
            _ = try await Self.claim("k", scene)
            guard case .claimed = try await Self.begin("k", scene, scene.tenants.other) else { throw Unexpected() }
        }
    }

    @Test func `of many requests at once one gets the key`() async throws {
        try await QueueScene.run { scene in
            let claimed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask { if case .claimed = try await Self.begin("k", scene) { true } else { false } }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(claimed == 1)
        }
    }

    @Test func `a dead node's key is another's after its lease, and its late job is not queued`() async throws {
        try await QueueScene.run { scene in
            let late = try await Self.claim("k", scene)
            try await late.renew(on: scene.tenants.databases.app)
            #expect(Self.isInProgress(try await Self.begin("k", scene)))
            try await scene.tenants.owner.execute(
                "UPDATE idempotency_keys SET lease_until = now() - interval '1 second'")
            let heir = try await Self.claim("k", scene)
            await #expect(throws: AdmissionError.self) { try await scene.submit(under: late) }
            try await late.abandon(on: scene.tenants.databases.app)
            try await scene.submit(under: heir)
            #expect(try await scene.tenants.owner.query("SELECT FROM jobs").count == 1)
            #expect(try await scene.load() == TenantLoad(queued: 1, running: 0))
        }
    }

    @Test func `a day later the key is free, however many others are old too`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit(under: try await Self.claim("k", scene))
            try await scene.tenants.owner.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, fingerprint, job_id, response)
                SELECT tenant_id, 'old ' || n, fingerprint, job_id, response FROM idempotency_keys, generate_series(1, 300) n
                """)
            try await scene.tenants.owner.execute(
                "UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'")
            try await scene.submit(under: try await Self.claim("k", scene))
        }
    }

    @Test func `a day later the key is free`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit(under: try await Self.claim("k", scene))
            try await scene.tenants.owner.execute(
                "UPDATE idempotency_keys SET created_at = created_at - interval '24 hours 1 second'")
            _ = try await Self.claim("k", scene)
        }
    }

    private static func count(_ scene: QueueScene) async throws -> Int {
        try await scene.tenants.owner.query("SELECT count(*) FROM idempotency_keys")[0].decode(Int.self)
    }

    @Test func `the sweep forgets the keys of tenants that send nothing any more, and no other`() async throws {
        try await QueueScene.run { scene in
            let (folder, tenants) = (try TemporaryFolder(), scene.tenants)
            defer { folder.remove() }
            let sweep = OrphanSweep(
                databases: tenants.databases, storage: try FileStorage(root: folder.path), logger: Logger(label: "test")
            )
            try await scene.submit(under: try await Self.claim("old", scene))
            for tenant in [tenants.example, tenants.other] { _ = try await Self.begin("abandoned", scene, tenant) }
            _ = try await Self.claim("held", scene)
            try await scene.submit(under: try await Self.claim("new", scene))
            // `held` is that of an upload that takes more than a day, and is still under way.
            try await tenants.owner.execute(
                """
                UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 second',
                    lease_until = CASE WHEN key = 'held' THEN lease_until ELSE lease_until - interval '24 hours' END
                WHERE key <> 'new'
                """)
            #expect(try await sweep.forgetKeys() == 3)
            let left = try await tenants.owner.query("SELECT key FROM idempotency_keys ORDER BY key").map {
                try $0.decode(String.self)
            }
            #expect(left == ["held", "new"])
            #expect(try await sweep.forgetKeys() == 0)
            guard case .answered = try await Self.begin("new", scene) else { throw Unexpected() }
        }
    }

    @Test func `a run of the sweep forgets its share, the oldest first, and leaves the rest to the next`() async throws
    {
        try await QueueScene.run { scene in
            try await scene.submit(under: try await Self.claim("k", scene))
            try await scene.tenants.owner.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, fingerprint, job_id, response, created_at)
                SELECT tenant_id, 'old ' || n, fingerprint, job_id, response, now() - make_interval(days => 2, secs => n)
                FROM idempotency_keys, generate_series(1, 30) n
                """)
            #expect(try await IdempotencyKey.sweep(limit: 10, on: scene.tenants.databases.system) == 10)
            let left = try await scene.tenants.owner.query(
                "SELECT count(*), count(*) FILTER (WHERE key IN ('old 1', 'old 20', 'k')) FROM idempotency_keys"
            )[0].decode(Int.self, Int.self)
            #expect(left == (21, 3))
            // Two at a time take no key from each other.
            async let first = IdempotencyKey.sweep(limit: 15, on: scene.tenants.databases.system)
            async let second = IdempotencyKey.sweep(limit: 15, on: scene.tenants.databases.system)
            #expect(try await first + second == 20)
            #expect(try await Self.count(scene) == 1)
        }
    }

    @Test func `who sweeps the keys of all tenants cannot read what was asked and answered`() async throws {
        try await QueueScene.run { scene in
            for column in ["fingerprint", "job_id", "response", "holder"] {
                let error = await #expect(throws: PostgresError.self) {
                    try await scene.tenants.databases.system.query(
                        "SELECT \(unescaped: column) FROM idempotency_keys")
                }
                #expect(error?.sqlState == "42501")
            }
        }
    }
}

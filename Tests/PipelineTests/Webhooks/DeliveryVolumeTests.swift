import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// What statements read of tables that are full: counted by the database in the statement's own transaction.
@Suite struct DeliveryVolumeTests {
    /// Rows that nobody asks for.
    private static let many = 20_000

    /// How much a transaction has read so far of the tables of webhooks and keys: whole tables' rows, rows by an index, looks into one.
    private static func reads(in transaction: PostgresTransaction) throws -> Int {
        try transaction.first(
            """
            SELECT coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + coalesce(idx_scan, 0)), 0)::int8
            FROM pg_stat_xact_user_tables WHERE relname LIKE 'webhook_%' OR relname = 'idempotency_keys'
            """, as: Int.self) ?? 0
    }

    /// A full database: endpoints of one address each, whose events wait for a later try; delivered ones with their attempts; keys.
    private static func run(_ many: Int = Self.many, _ body: (DeliveryScene) async throws -> Void) async throws {
        try await DeliveryScene.run { scene in
            let (tenant, now) = (scene.tenants.example, scene.clock.now())
            try await scene.tenants.owner.transaction { transaction in
                // Referring to jobs that are not there saves most of the time.
                try transaction.execute("SET LOCAL session_replication_role = replica")
                for statement in Self.filling(many, tenant, now) { try transaction.execute(statement) }
            }
            try await scene.tenants.owner.execute("ANALYZE")
            try await body(scene)
        }
    }

    private static func filling(_ many: Int, _ tenant: TenantID, _ now: Timestamp) -> [PostgresQuery] {
        let numbers: PostgresQuery = "FROM generate_series(1, \(many)) n"
        return [
            """
            INSERT INTO webhook_endpoints (tenant_id, url, first_failure_at)
            SELECT \(tenant), 'http://h' || n % 300 || '.example/?job=' || n, \(now) \(numbers)
            """,
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, attempt, schedule_attempts, schedule_started_at, next_attempt_at, due)
            SELECT \(tenant), 'evt_' || lpad(n::text, 26, '0'), 'job_' || lpad(n::text, 26, '0'), 'job.completed',
                'http://h' || n % 300 || '.example/?job=' || n, '', 1, 1, \(now), \(now + .seconds(3600)), false
            \(numbers)
            """,
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, status)
            SELECT \(tenant), 'evt_1' || lpad(n::text, 25, '0'), 'job_1' || lpad(n::text, 25, '0'), 'job.completed', 'http://default.example/',
                '', 'delivered'
            \(numbers)
            """,
            """
            INSERT INTO webhook_attempts (tenant_id, event_id, number, at)
            SELECT tenant_id, id, 1, \(now) FROM webhook_events
            """,
            """
            INSERT INTO idempotency_keys (tenant_id, key, fingerprint, response, job_id)
            SELECT \(tenant), 'key ' || n, decode(repeat('00', 32), 'hex'), '', 'job_1' || lpad(n::text, 25, '0') \(numbers)
            """,
        ]
    }

    @Test func `a claim looks at what is due, not at what waits`() async throws {
        try await Self.run { scene in
            for port in 1...3 { try await scene.end(telling: "http://127.0.0.1:\(port)/") }
            let (queue, now) = (scene.queue, scene.clock.now())
            let (claimed, reads) = try await scene.tenants.databases.system.transaction { transaction in
                let claimed = try transaction.query(queue.claim(DeliveryCapacity(64), at: now)).count
                return (claimed, try Self.reads(in: transaction))
            }
            #expect(claimed == 3)
            #expect(reads < 200)
        }
    }

    @Test func `a job is deleted without a look at what others were told`() async throws {
        try await Self.run { scene in
            let job = try await scene.end(telling: "http://127.0.0.1:1/")
            let tenant = scene.tenants.example
            let reads = try await scene.tenants.databases.app.transaction(of: tenant) { transaction in
                _ = try JobDeletion.remove(job, of: tenant, in: transaction)
                return try Self.reads(in: transaction)
            }
            #expect(reads < 100)
        }
    }

    @Test func `the latest tries are read without the others`() async throws {
        try await Self.run { scene in
            let tenant = scene.tenants.example
            let (latest, reads) = try await scene.tenants.owner.transaction { transaction in
                let latest = try DeliveryLog.latest(of: tenant, limit: 20, in: transaction).count
                return (latest, try Self.reads(in: transaction))
            }
            #expect(latest == 20)
            #expect(reads < 200)
        }
    }

    @Test func `what a dead node was sending comes back a thousand at a time`() async throws {
        try await Self.run { scene in
            try await scene.tenants.owner.execute(
                """
                UPDATE webhook_events SET status = 'sending', attempt = 2, lease_until = now() - interval '1 second'
                WHERE status = 'pending' AND right(job_id, 1) IN ('1', '2')
                """)
            let lost = try await scene.tenants.owner.query(
                "SELECT count(*) FROM webhook_events WHERE status = 'sending'")[0].decode(Int.self)
            #expect(lost > 2_000)
            #expect(try await scene.queue.rescue() == 1_000)
            var rescued = 1_000
            while case let count = try await scene.queue.rescue(), count > 0 { rescued += count }
            #expect(rescued == lost)
        }
    }

    @Test func `what has become due is taken up, however much it is`() async throws {
        try await Self.run(3_000) { scene in
            scene.clock.advance(by: .seconds(3600))
            var claimed = Set<WebhookEventID>()
            while case let claims = try await scene.queue.claim(DeliveryCapacity(64)), !claims.isEmpty {
                claimed.formUnion(claims.map(\.event))
                try await scene.tenants.owner.execute(
                    "UPDATE webhook_events SET status = 'delivered', lease_until = NULL WHERE status = 'sending'")
            }
            #expect(claimed.count == 3_000)
        }
    }
}

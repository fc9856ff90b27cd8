import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// A stretch of time is sent again.
@Suite struct EventReplayTests {
    private static let url = "http://127.0.0.1:1/hook"

    /// So many jobs that have ended and were told, a second apart, all of one account.
    private static func fill(_ scene: DeliveryScene, count: Int) async throws -> Timestamp {
        let (tenant, start) = (scene.tenants.example, scene.clock.now() - .seconds(100_000))
        try await scene.setDefault(url)
        try await scene.tenants.owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
                    max_duration_ms, source_type, source_name)
                SELECT \(tenant), 'job_' || lpad(n::text, 26, '0'), 'completed', now(), now(), true, 'auto', '{}', 1000,
                    'upload', 'a.wav'
                FROM generate_series(1, \(count)) n
                """)
            // Ten at a time were made in the same moment.
            try transaction.execute(
                """
                INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, status, attempt, schedule_attempts, created_at)
                SELECT \(tenant), 'evt_' || lpad(n::text, 26, '0'), 'job_' || lpad(n::text, 26, '0'), 'job.completed',
                    \(url), '{}', 'delivered', 1, 1,
                    \(start)::timestamptz + make_interval(secs => 1.000001 * (n / 10))
                FROM generate_series(1, \(count)) n
                """)
        }
        return start
    }

    private static func pending(_ scene: DeliveryScene) async throws -> Int {
        try await scene.tenants.owner.query(
            "SELECT count(*) FROM webhook_events WHERE status = 'pending' AND due AND schedule_attempts = 0")[0].decode(
                Int.self)
    }

    private static func replay(
        _ scene: DeliveryScene, _ since: Timestamp, _ until: Timestamp
    ) async throws -> Int {
        try await EventReplay(
            of: scene.tenants.example, since: since, until: until, on: scene.tenants.owner, clock: scene.clock.now
        ).run()
    }

    @Test func `a stretch that is longer than a batch is sent again, each event once, and nothing beside it`()
        async throws
    {
        try await DeliveryScene.run { scene in
            let start = try await Self.fill(scene, count: 2 * EventReplay.batch + 500)
            // From the 100th to the 2,299th.
            let (since, until) = (start + .seconds(10), start + .seconds(230))
            #expect(try await Self.replay(scene, since, until) == 2_200)
            #expect(try await Self.pending(scene) == 2_200)
        }
    }

    @Test func `what another holds is waited for in the end, and what is being sent is sent again`() async throws {
        try await DeliveryScene.run { scene in
            let start = try await Self.fill(scene, count: 30)
            let job = try await scene.end()
            let claim = try #require(try await scene.claim())
            let tenant = scene.tenants.example
            let replay = try await scene.whileOpen {
                try $0.execute(
                    "UPDATE webhook_events SET body = 'x' WHERE tenant_id = \(tenant) AND job_id LIKE 'job_00000000%7'")
            } _: {
                let replay = Task { try await Self.replay(scene, start, scene.clock.now() + .seconds(1)) }
                try await eventually("it waits") { try await scene.waitingStatements() > 0 }
                // The rest is done meanwhile.
                #expect(try await Self.pending(scene) == 27)
                return replay
            }
            #expect(try await replay.value == 31)
            #expect(try await Self.pending(scene) == 30)
            let success = DeliveryResult(statusCode: 200, latencyMilliseconds: 1)
            #expect(try await scene.queue.finish(claim, success, begunAt: scene.clock.now()))
            #expect(try await scene.state(job)?.status == .pending)
        }
    }

    @Test func `deliveries go on meanwhile, and no event gets lost or a second name`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await scene.setDefault(receiver.url)
            for _ in 0..<60 { try await scene.end() }
            let since = scene.clock.now() - .seconds(1)
            async let replayed = Self.replay(scene, since, scene.clock.now() + .seconds(1))
            while try await scene.deliver() > 0 {}
            #expect(try await replayed == 60)
            while try await scene.deliver() > 0 {}
            #expect(Set(receiver.received.map(\.id)).count == 60)
            #expect(receiver.received.count >= 60)
            let left = try await scene.tenants.owner.query(
                "SELECT count(*) FROM webhook_events WHERE status <> 'delivered'")[0].decode(Int.self)
            #expect(left == 0)
        }
    }
}

import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// How long webhook events are kept.
@Suite struct WebhookRetentionTests {
    private static let day = Duration.seconds(24 * 3600)

    private static func sweep(_ scene: DeliveryScene) async {
        await AccountSweep(
            databases: scene.tenants.databases,
            poller: WorkPoller(databases: scene.tenants.databases, logger: Logger(label: "test")),
            logger: Logger(label: "test"), clock: scene.clock.now
        ).sweep()
    }

    @Test func `an event that was sent is deleted with its attempts after 90 days, not before`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            let others = try await scene.end(scene.tenants.other, telling: receiver.url)
            #expect(try await scene.deliver() == 2)
            scene.clock.advance(by: Self.day * 89)
            let younger = try await scene.end(telling: receiver.url)
            #expect(try await scene.deliver() == 1)
            await Self.sweep(scene)
            #expect(try await scene.attempts(job).count == 1)
            scene.clock.advance(by: Self.day * 2)
            await Self.sweep(scene)
            #expect(try await scene.state(job) == nil)
            #expect(try await scene.attempts(job).isEmpty)
            #expect(try await scene.state(others, of: scene.tenants.other) == nil)
            #expect(try await scene.attempts(younger).count == 1)
            #expect(try await scene.urls() == [receiver.url])
            let left = try await scene.tenants.owner.query("SELECT count(*) FROM webhook_attempts")[0].decode(Int.self)
            #expect(left == 1)
        }
    }

    @Test func `what waits to be sent stays, however old, and what was sent again is kept anew`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let again = try await scene.end(telling: receiver.url)
            #expect(try await scene.deliver() == 1)
            scene.clock.advance(by: Self.day * 91)
            let tenant = scene.tenants.example
            let now = scene.clock.now()
            try await scene.tenants.databases.app.transaction(of: tenant) { transaction in
                let job = try #require(try Job.find(again, of: tenant, in: transaction))
                #expect(try WebhookEvent.replay(job, at: now, in: transaction))
            }
            await Self.sweep(scene)
            #expect(try await scene.state(again)?.status == .pending)
            #expect(try await scene.deliver() == 1)
            await Self.sweep(scene)
            #expect(try await scene.attempts(again).count == 2)
            // The same event, not a new one.
            #expect(Set(receiver.received.map(\.id)).count == 1)
            scene.clock.advance(by: Self.day * 91)
            await Self.sweep(scene)
            #expect(try await scene.state(again) == nil)
        }
    }

    @Test func `the old ones are found by an index, however many there are`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            _ = try await scene.end(telling: receiver.url)
            try await scene.tenants.owner.execute(
                """
                INSERT INTO webhook_events (tenant_id, id, endpoint_id, event, url, body, status, created_at)
                SELECT tenant_id, 'evt_' || lpad(n::text, 26, '0'), 'whk_' || lpad('1', 26, '0'), 'key.expiring', url, '{}', 'delivered', now()
                FROM webhook_endpoints, generate_series(1, 20000) n
                """)
            try await scene.tenants.owner.execute("ANALYZE webhook_events")
            let plan = try await scene.tenants.databases.system.query(
                """
                EXPLAIN SELECT tenant_id, id FROM webhook_events
                WHERE status IN ('delivered', 'given_up')
                    AND coalesce(schedule_started_at, created_at) < now() - interval '90 days'
                ORDER BY coalesce(schedule_started_at, created_at) LIMIT 500
                """
            ).map { try $0.decode(String.self) }.joined(separator: "\n")
            #expect(plan.contains("webhook_events_ended"), "\(plan)")
        }
    }
}

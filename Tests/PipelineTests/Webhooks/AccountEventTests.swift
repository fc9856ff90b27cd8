import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// What an account is told of that falls due by itself: keys that will expire, endpoints that have begun to fail.
@Suite struct AccountEventTests {
    private static func add(_ url: String, _ events: [String], _ scene: DeliveryScene) async throws -> WebhookEndpointID
    {
        let tenant = scene.tenants.example
        let patterns = events.compactMap(EventPattern.init)
        try #require(patterns.count == events.count)
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try WebhookEndpoint.add(url, events: patterns, isEnabled: true, of: tenant, in: $0)
        }
    }

    private static func sweep(_ scene: DeliveryScene) async {
        await AccountSweep(
            databases: scene.tenants.databases,
            poller: WorkPoller(databases: scene.tenants.databases, logger: Logger(label: "test")),
            logger: Logger(label: "test"), clock: scene.clock.now
        ).sweep()
    }

    @Test func `an expiring key is told of once, a week ahead; a rotated or revoked one is not`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            _ = try await Self.add(receiver.url, ["key.*"], scene)
            let now = scene.clock.now()
            for (name, days) in [("soon", 6), ("later", 8), ("rotated", 2), ("revoked", 2)] {
                let key = try await scene.tenants.issueKey(for: scene.tenants.example, name: name)
                try await scene.tenants.owner.execute(
                    "UPDATE api_keys SET expires_at = \(now + .seconds(days * 86_400)) WHERE id = \(key.id)")
            }
            _ = try await scene.tenants.owner.execute("UPDATE api_keys SET replaced_by = id WHERE name = 'rotated'")
            _ = try await scene.tenants.owner.execute("UPDATE api_keys SET revoked_at = now() WHERE name = 'revoked'")
            await Self.sweep(scene)
            await Self.sweep(scene)
            #expect(try await scene.deliver() == 1)
            #expect(receiver.received.map { $0.text("name") } == ["soon"])
            #expect(receiver.received[0].text("event") == "key.expiring")
            // A key that lives longer now is told of again, when that ends.
            try await scene.tenants.owner.execute(
                "UPDATE api_keys SET expires_at = expires_at + interval '30 days' WHERE name = 'soon'")
            scene.clock.advance(by: .seconds(2 * 86_400))
            await Self.sweep(scene)
            try await scene.deliver()
            #expect(receiver.received.map { $0.text("name") } == ["soon", "later"])
            scene.clock.advance(by: .seconds(28 * 86_400))
            await Self.sweep(scene)
            try await scene.deliver()
            #expect(receiver.received.map { $0.text("name") } == ["soon", "later", "soon"])
        }
    }

    @Test func `a failing endpoint is told of once to the others, and again when it fails again`() async throws {
        let (healthy, ill) = (try WebhookReceiver(), try WebhookReceiver())
        try await DeliveryScene.run { scene in
            _ = try await Self.add(healthy.url, ["webhook.failing"], scene)
            let failing = try await Self.add(ill.url, ["*"], scene)
            for since in ["2026-11-20T10:00:00Z", "2026-11-22T10:00:00Z"] {
                try await scene.tenants.owner.execute(
                    "UPDATE webhook_endpoints SET failing_since = \(since)::timestamptz WHERE id = \(failing)")
                await Self.sweep(scene)
                await Self.sweep(scene)
                try await scene.deliver()
            }
            #expect(healthy.received.map { $0.text("webhook_id") } == [failing.rawValue, failing.rawValue])
            #expect(
                healthy.received.map { $0.text("failing_since") } == [
                    "2026-11-20T10:00:00.000Z", "2026-11-22T10:00:00.000Z",
                ])
            #expect(ill.received.isEmpty)
        }
    }
}

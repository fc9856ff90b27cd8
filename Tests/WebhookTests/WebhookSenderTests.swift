import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Whole senders, by the real clock.
@Suite(.timeLimit(.minutes(10))) struct WebhookSenderTests {
    private static func sender(_ scene: DeliveryScene, patience: Duration = .seconds(15)) throws -> WebhookSender {
        WebhookSender(
            databases: scene.tenants.databases,
            courier: try WebhookCourier(
                allowing: "127.0.0.0/8", concurrency: 64, patience: patience, logger: Logger(label: "test")),
            masterKey: scene.tenants.masterKey, slots: 64, drain: .seconds(3), logger: Logger(label: "test"))
    }

    private static func run(_ senders: [WebhookSender], until body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: senders, logger: Logger(label: "test"))
        async let running: Void = group.run()
        do {
            try await body()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test func `two hundred deliveries to a black hole delay nobody else's`() async throws {
        let (hole, receiver) = (try WebhookReceiver { _ in .hang }, try WebhookReceiver())
        try await DeliveryScene.run { scene in
            // The black hole's are older, and its tenant has more.
            for number in 0..<200 { try await scene.end(telling: hole.url + "?\(number % 20)") }
            for number in 0..<1800 {
                try await scene.end(scene.tenants.other, telling: receiver.url + "?\(number % 50)")
            }
            try await Self.run([try Self.sender(scene), try Self.sender(scene)]) {
                let started = ContinuousClock.now
                try await eventually("all others arrive", within: 120) {
                    Set(receiver.received.map(\.id)).count == 1800
                }
                // Before the black hole's first tries have run out of time, though it has as many under way as it may.
                #expect(ContinuousClock.now - started < .seconds(60))
                #expect(hole.connections >= DeliveryQueue.perTenant / 2)
            }
            #expect(receiver.received.count == 1800)
            let open = try await scene.tenants.owner.query(
                "SELECT count(*) FROM webhook_events WHERE status IN ('delivered', 'given_up') AND tenant_id = \(scene.tenants.example)"
            )[0].decode(Int.self)
            #expect(open == 0)
        }
    }

    @Test func `an event is sent within a second of its job's end`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await Self.run([try Self.sender(scene)]) {
                for count in 1...5 {
                    _ = try await DeliveryScene.ended(scene, telling: receiver.url)
                    let ended = ContinuousClock.now
                    try await eventually("it arrives", within: 10) { receiver.received.count == count }
                    #expect(ContinuousClock.now - ended < .seconds(1))
                }
            }
        }
    }

    @Test func `a sender that is told to stop ends what it sends, and hands the rest back`() async throws {
        let receiver = try WebhookReceiver { _ in .hang }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await Self.run([try Self.sender(scene)]) {
                try await eventually("it is being sent") { receiver.received.count == 1 }
            }
            #expect(try await scene.state(job)?.status == .pending)
            #expect(try await scene.attempts(job).map(\.error) == [.interrupted])
            receiver.behave { _ in .ok }
            try await Self.run([try Self.sender(scene)]) {
                try await eventually("it arrives") { try await scene.state(job)?.status == .delivered }
            }
            #expect(Set(receiver.received.map(\.id)).count == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
        }
    }
}

extension DeliveryScene {
    /// A job that ends at the real time, whatever the scene's clock says.
    fileprivate static func ended(_ scene: DeliveryScene, telling url: String) async throws -> JobID {
        scene.clock.advance(by: Timestamp.now() - scene.clock.now())
        return try await scene.end(telling: url)
    }
}

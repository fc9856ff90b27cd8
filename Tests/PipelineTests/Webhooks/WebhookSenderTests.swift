import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Whole senders, by the real clock.
@Suite struct WebhookSenderTests {
    private static func sender(_ scene: DeliveryScene, timeout: Duration = .seconds(15)) throws -> [any Service] {
        let poller = WorkPoller(databases: scene.tenants.databases, logger: Logger(label: "test"))
        let sender = WebhookSender(
            databases: scene.tenants.databases,
            deliveryClient: try DeliveryClient(
                allowing: "127.0.0.0/8", concurrency: 64, timeout: timeout, logger: Logger(label: "test")),
            masterKey: scene.tenants.masterKey, poller: poller, slots: 64, drain: .seconds(3),
            lease: timeout + .seconds(45),
            logger: Logger(label: "test"))
        return [poller, sender]
    }

    private static func run(_ senders: [[any Service]], until body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: senders.flatMap { $0 }, logger: Logger(label: "test"))
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

    @Test func `four accounts whose many hosts never answer delay nobody else's deliveries`() async throws {
        let holes = try (0..<10).map { _ in try WebhookReceiver { _ in .hang } }
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            // The black holes' are older, and there are more of them.
            let slow = try await scene.tenants.owner.transaction { transaction in
                try (0..<4).map { try Tenant.create(name: "Slow \($0)", plan: .pro, in: transaction).id }
            }
            for tenant in slow {
                for number in 0..<100 { try await scene.end(tenant, telling: holes[number % 10].url + "?\(number)") }
            }
            for number in 0..<600 {
                try await scene.end(scene.tenants.other, telling: receiver.url + "?\(number % 50)")
            }
            // The black holes' attempts last longer than the test waits: whoever waits for one of them arrives too late.
            let senders = try (0..<2).map { _ in try Self.sender(scene, timeout: .seconds(900)) }
            try await Self.run(senders) {
                try await eventually("all others arrive") {
                    Set(receiver.received.map(\.id)).count == 600
                }
                // Each of the black holes' accounts has its share under way.
                let ended = try await scene.tenants.owner.query(
                    "SELECT count(*) FROM webhook_attempts WHERE error IS NOT NULL")
                #expect(try ended[0].decode(Int.self) == 0)
                let tenants = slow.map(\.rawValue)
                let least = try await scene.tenants.owner.query(
                    """
                    SELECT coalesce(min(sending), 0) FROM unnest(\(tenants)::text[]) t (id), LATERAL (
                        SELECT count(*) AS sending FROM webhook_events v WHERE v.tenant_id = t.id AND v.status = 'sending') s
                    """)
                #expect(try least[0].decode(Int.self) >= 8)
            }
            #expect(receiver.received.count == 600)
        }
    }

    @Test func `an acknowledgment is written down through the database's trouble, and sent once`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            // The first three times a lock is not to be had.
            for statement in [
                "CREATE SEQUENCE troubles",
                "GRANT USAGE ON SEQUENCE troubles TO PUBLIC",
                """
                CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('troubles') <= 3 THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '55P03'; END IF;
                RETURN NEW; END $$
                """,
                "CREATE TRIGGER trouble BEFORE INSERT ON webhook_attempts FOR EACH ROW EXECUTE FUNCTION trouble()",
            ] { try await scene.tenants.owner.execute(PostgresQuery(unescaped: statement)) }
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            #expect(try await scene.state(job)?.status == .delivered)
            #expect(try await scene.attempts(job).map(\.statusCode) == [200])
            #expect(receiver.received.count == 1)
        }
    }

    @Test func `what could not be written down in time is not begun`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            let brief = DeliveryQueue(databases: scene.tenants.databases, lease: .seconds(20), clock: scene.clock.now)
            let claim = try #require(try await brief.claim(DeliveryCapacity(1)).first)
            await scene.sender.deliver(claim)
            #expect(receiver.connections == 0)
            #expect(try await scene.attempts(job) == [])
            #expect(try await scene.state(job)?.status == .pending)
            #expect(try await scene.claim()?.attempt == 1)
        }
    }

    @Test func `a fault of ours costs an event neither tries nor time, and says nothing of the endpoint`() async throws
    {
        let (receiver, log) = (try WebhookReceiver { _ in .status(500) }, CapturedLog())
        try await DeliveryScene.run { scene in
            try await scene.setDefault(receiver.url)
            let job = try await scene.end()
            let key = try #require(MasterKey(hex: String(repeating: "ab", count: 32)))
            let wrong = scene.anotherSender(
                masterKey: key,
                logger: Logger(label: "test") { _ in log })
            try await scene.deliver(by: wrong)
            let wait = try #require(try await scene.state(job)?.nextTry) - scene.clock.now()
            #expect((.seconds(48)...(.seconds(72))).contains(wait))
            #expect(log.text.contains(job.rawValue) || log.text.contains("\(scene.tenants.example)"))
            // For two days.
            for _ in 0..<3 {
                scene.clock.advance(by: .seconds(16 * 3600))
                try await scene.deliver(by: wrong)
            }
            #expect(receiver.connections == 0)
            let blamed = try await scene.tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM webhook_endpoints WHERE first_failure_at IS NOT NULL)
                    + (SELECT count(*) FROM webhook_failing_origins)
                """)
            #expect(try blamed[0].decode(Int.self) == 0)
            // The schedule begins with the first try that the endpoint had.
            _ = try await scene.tryAgain(job)
            let gap = try #require(try await scene.state(job)?.nextTry) - scene.clock.now()
            #expect((.seconds(8)...(.seconds(12))).contains(gap))
            #expect(
                try await scene.attempts(job).map(\.error)
                    == Array(repeating: .internalError, count: 4) + [.badStatus])
        }
    }

    @Test func `an event is sent within a second of its job's end`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await Self.run([try Self.sender(scene)]) {
                for count in 1...5 {
                    _ = try await DeliveryScene.ended(scene, telling: receiver.url)
                    try await eventually("it arrives", within: 1) { receiver.received.count == count }
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

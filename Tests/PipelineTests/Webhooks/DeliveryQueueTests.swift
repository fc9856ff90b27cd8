import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

@Suite struct DeliveryQueueTests {
    private static let nowhere = "http://127.0.0.1:1/"

    @Test func `each event is claimed once, and of a host no more than its share, however many ask`() async throws {
        try await DeliveryScene.run { scene in
            for _ in 0..<30 { try await scene.end(telling: Self.nowhere) }
            for port in 2..<12 { try await scene.end(scene.tenants.other, telling: "http://127.0.0.1:\(port)/") }
            let claims = try await withThrowingTaskGroup(of: [ClaimedDelivery].self) { group in
                for _ in 0..<20 { group.addTask { try await scene.queue.claim(DeliveryCapacity(5)) } }
                return try await group.reduce(into: [ClaimedDelivery]()) { $0 += $1 }
            }
            #expect(Set(claims.map(\.event)).count == claims.count)
            #expect(Set(claims.map(\.fence)).count == claims.count)
            #expect(claims.count { $0.tenant == scene.tenants.example } == DeliveryQueue.perOrigin)
            #expect(claims.count { $0.tenant == scene.tenants.other } == 10)
        }
    }

    @Test func `one tenant's many hosts take no more than a tenant's share, many addresses of a host its share`()
        async throws
    {
        try await DeliveryScene.run { scene in
            for number in 0..<20 { try await scene.end(scene.tenants.other, telling: Self.nowhere + "\(number)") }
            #expect(try await scene.queue.claim(DeliveryCapacity(200)).count == DeliveryQueue.perOrigin)
            for port in 1...100 { try await scene.end(telling: "http://127.0.0.1:\(port)/") }
            #expect(try await scene.queue.claim(DeliveryCapacity(200)).count == DeliveryQueue.perTenant)
            #expect(try await scene.queue.claim(DeliveryCapacity(200)).count == 0)
        }
    }

    @Test func `who has fewest under way comes first, however long others have waited`() async throws {
        try await DeliveryScene.run { scene in
            for port in 1...20 { try await scene.end(telling: "http://127.0.0.1:\(port)/") }
            scene.clock.advance(by: .seconds(60))
            let last = try await scene.end(scene.tenants.other, telling: Self.nowhere)
            #expect(try await scene.queue.claim(DeliveryCapacity(2)).contains { $0.job == last })
        }
    }

    @Test func `a host that failed waits for slots of its own until it answers, whatever the address`() async throws {
        let receiver = try WebhookReceiver { _ in .status(500) }
        let (answering, failing) = (
            DeliveryCapacity(answering: 1, failing: 0), DeliveryCapacity(answering: 0, failing: 1)
        )
        try await DeliveryScene.run { scene in
            try await scene.end(telling: receiver.url + "?job=1")
            try await scene.deliver()
            let job = try await scene.end(telling: receiver.url + "?job=2")
            #expect(try await scene.queue.claim(answering) == [])
            receiver.behave { _ in .ok }
            for claim in try await scene.queue.claim(failing) { await scene.sender.deliver(claim) }
            #expect(try await scene.state(job)?.status == .delivered)
            try await scene.end(telling: receiver.url + "?job=3")
            #expect(try await scene.queue.claim(failing) == [])
            #expect(try await scene.queue.claim(answering).count == 1)
        }
    }

    @Test func `a dead sender's event goes to another after its lease, and the dead one's late word is refused`()
        async throws
    {
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: Self.nowhere)
            let late = try #require(try await scene.claim())
            #expect(try await scene.queue.rescue() == 0)
            try await scene.tenants.owner.execute(
                "UPDATE webhook_events SET lease_until = now() - interval '1 second'")
            #expect(try await scene.queue.rescue() == 1)
            let taken = try #require(try await scene.claim())
            #expect(taken.event == late.event && taken.body == late.body)
            #expect(taken.fence > late.fence)
            #expect(taken.attempt == 2)
            let success = DeliveryResult(statusCode: 200, latencyMilliseconds: 1)
            #expect(try await !scene.queue.finish(late, success, begunAt: scene.clock.now()))
            try await scene.queue.interrupt(late)
            #expect(try await scene.state(job)?.status == .sending)
            #expect(try await scene.queue.finish(taken, success, begunAt: scene.clock.now()))
            #expect(try await scene.attempts(job).map(\.error) == [.interrupted, nil])
        }
    }

    @Test func `a try that is broken off is shown, costs no time, and the event is due at once`() async throws {
        let receiver = try WebhookReceiver { _ in .hang }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            let claim = try #require(try await scene.claim())
            let task = Task { await scene.sender.deliver(claim) }
            try await eventually("the event arrives") { receiver.received.count == 1 }
            task.cancel()
            await task.value
            #expect(try await scene.attempts(job).map(\.error) == [.interrupted])
            #expect(try await scene.state(job)?.status == .pending)
            receiver.behave { _ in .status(500) }
            #expect(try await scene.deliver() == 1)
            #expect(try await scene.attempts(job).map(\.number) == [1, 2])
            let wait = try #require(try await scene.state(job)?.nextTry) - scene.clock.now()
            #expect((.seconds(8)...(.seconds(12))).contains(wait))
        }
    }

    @Test func `as many tries of an event are kept as are shown, the latest`() async throws {
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: Self.nowhere)
            // As after a thousand and some replays.
            let owner = scene.tenants.owner
            try await owner.execute("UPDATE webhook_events SET attempt = \(DeliveryLog.shown + 4)")
            func addTries(_ job: JobID, _ count: Int) async throws {
                try await owner.execute(
                    """
                    INSERT INTO webhook_attempts (tenant_id, event_id, number, at)
                    SELECT tenant_id, id, n, now() - interval '2 hours' FROM webhook_events
                    CROSS JOIN generate_series(1, \(count)) n WHERE job_id = \(job)
                    """)
            }
            try await addTries(job, DeliveryLog.shown + 4)
            let claim = try #require(try await scene.claim())
            let other = try await scene.end(telling: Self.nowhere)
            try await addTries(other, 3)
            let success = DeliveryResult(statusCode: 200, latencyMilliseconds: 1)
            #expect(try await scene.queue.finish(claim, success, begunAt: scene.clock.now()))
            #expect(try await scene.attempts(job).map(\.number) == Array(6...(DeliveryLog.shown + 5)))
            #expect(try await scene.attempts(other).map(\.number) == [1, 2, 3])
            let all = try await owner.query("SELECT count(*) FROM webhook_attempts")[0].decode(Int.self)
            #expect(all == DeliveryLog.shown + 3)
        }
    }

    @Test func `tenants see nothing of one another's events, tries and endpoints`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await scene.setDefault(receiver.url)
            let job = try await scene.end()
            try await scene.deliver()
            let other = scene.tenants.other
            #expect(try await scene.state(job, of: other) == nil)
            #expect(try await scene.attempts(job, of: other) == [])
            let seen = try await scene.tenants.databases.app.transaction(of: other) { transaction in
                try transaction.first(
                    """
                    SELECT (SELECT count(*) FROM webhook_events) + (SELECT count(*) FROM webhook_attempts)
                        + (SELECT count(*) FROM webhook_endpoints)
                    """, as: Int.self)
            }
            #expect(seen == 0)
            let error = await #expect(throws: PostgresError.self) {
                try await scene.tenants.databases.app.transaction(of: scene.tenants.example) {
                    try $0.query("SELECT * FROM webhook_secrets")
                }
            }
            #expect(error?.sqlState == "42501")
        }
    }

    @Test func `a stretch of time is sent again, and nothing outside of it`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await scene.setDefault(receiver.url)
            let start = scene.clock.now()
            var jobs: [JobID] = []
            for _ in 0..<3 {
                jobs.append(try await scene.end())
                scene.clock.advance(by: .seconds(60))
            }
            try await scene.deliver()
            let replay = EventReplay(
                of: scene.tenants.example, since: start + .seconds(1), until: start + .seconds(100),
                on: scene.tenants.owner, clock: scene.clock.now)
            #expect(try await replay.run() == 1)
            #expect(try await scene.deliver() == 1)
            #expect(receiver.received.last?.text("job_id") == jobs[1].rawValue)
        }
    }
}

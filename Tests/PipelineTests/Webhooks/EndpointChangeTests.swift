import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// The default endpoint changes, or an account ends, while events are waiting, being sent and being made.
@Suite struct EndpointChangeTests {
    private static let failure = DeliveryResult(statusCode: 500, latencyMilliseconds: 1, error: .badStatus)
    private static let success = DeliveryResult(statusCode: 200, latencyMilliseconds: 1)
    private static let gone = DeliveryResult(statusCode: 410, latencyMilliseconds: 1, error: .gone)

    @Test func `what waits for the default endpoint follows it, and is given up with it`() async throws {
        let (old, new) = (try WebhookReceiver { _ in .status(500) }, try WebhookReceiver())
        try await DeliveryScene.run { scene in
            try await scene.setDefault(old.url)
            let jobs = [try await scene.end(), try await scene.end(telling: old.url)]
            try await scene.deliver()
            try await scene.setDefault(new.url)
            for job in jobs { _ = try await scene.tryAgain(job) }
            #expect(new.received.map { $0.text("job_id") } == [jobs[0].rawValue])
            new.behave { _ in .status(500) }
            let last = try await scene.end()
            try await scene.deliver()
            try await scene.setDefault(nil)
            #expect(try await scene.state(last)?.status == .givenUp)
            #expect(try await scene.state(jobs[1])?.status == .pending)
            #expect(try await scene.endpoint() == nil)
        }
    }

    @Test(arguments: [failure, gone])
    func `what is being sent when it changes is tried at the new one`(result: DeliveryResult) async throws {
        let new = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await scene.setDefault("http://127.0.0.1:1/old")
            let job = try await scene.end()
            let claim = try #require(try await scene.claim())
            try await scene.setDefault(new.url)
            #expect(try await scene.queue.finish(claim, result, begunAt: scene.clock.now()))
            #expect(try await scene.tryAgain(job))
            #expect(new.received.map { $0.text("job_id") } == [job.rawValue])
            // The old one's failure is not held against the new one.
            #expect(try await scene.endpoint()?.lastSuccess == scene.clock.now())
        }
    }

    @Test func `what is being sent when it is removed is given up, unless it is acknowledged`() async throws {
        try await DeliveryScene.run { scene in
            try await scene.setDefault("http://127.0.0.1:1/old")
            var jobs: [JobID] = []
            for _ in 0..<4 { jobs.append(try await scene.end()) }
            let own = try await scene.end(telling: "http://127.0.0.1:1/old")
            let claims = try await scene.queue.claim(DeliveryCapacity(5))
            let claim = Dictionary(uniqueKeysWithValues: claims.map { ($0.job, $0) })
            try await scene.setDefault(nil)
            let now = scene.clock.now()
            #expect(try await scene.queue.finish(try #require(claim[jobs[0]]), Self.failure, begunAt: now))
            #expect(try await scene.queue.finish(try #require(claim[jobs[1]]), Self.success, begunAt: now))
            try await scene.queue.interrupt(try #require(claim[jobs[2]]))
            try await scene.queue.release(try #require(claim[jobs[3]]))
            #expect(try await scene.queue.finish(try #require(claim[own]), Self.failure, begunAt: now))
            let statuses = try await (jobs + [own]).asyncMap { try await scene.state($0)?.status }
            #expect(statuses == [.givenUp, .delivered, .givenUp, .givenUp, .pending])
        }
    }

    @Test func `an outcome that has read the old endpoint is waited for, and its event follows`() async throws {
        try await DeliveryScene.run { scene in
            try await scene.setDefault("http://127.0.0.1:1/old")
            let (tenant, now) = (scene.tenants.example, scene.clock.now())
            let job = try await scene.endSilently()
            let change = try await scene.whileOpen {
                try WebhookEvent.record(for: job, of: tenant, at: now, in: $0)
            } _: {
                let change = Task { try await scene.setDefault("http://127.0.0.1:1/new") }
                try await eventually("the change waits, or is done") {
                    let waiting = try await scene.waitingStatements()
                    let url = try await scene.endpoint()?.url
                    return waiting > 0 || url == "http://127.0.0.1:1/new"
                }
                return change
            }
            try await change.value
            #expect(try await scene.claim()?.url == "http://127.0.0.1:1/new")
        }
    }

    @Test func `an outcome holds up neither deliveries to its address nor other outcomes`() async throws {
        let url = "http://127.0.0.1:1/hook"
        try await DeliveryScene.run { scene in
            let (tenant, now) = (scene.tenants.example, scene.clock.now())
            try await scene.end(telling: url)
            let claim = try #require(try await scene.claim())
            let job = try await scene.endSilently(telling: url)
            try await scene.whileOpen {
                try WebhookEvent.record(for: job, of: tenant, at: now, in: $0)
            } _: {
                // Either would wait for the lock's time-out, and throw.
                #expect(try await scene.queue.finish(claim, Self.success, begunAt: now))
                try await scene.end(telling: url)
            }
        }
    }

    @Test func `an address where nothing was told is forgotten with its place, one that was with what it was told`()
        async throws
    {
        let (first, second) = (try WebhookReceiver { _ in .status(500) }, try WebhookReceiver())
        try await DeliveryScene.run { scene in
            try await scene.setDefault(first.url + "?token=secret")
            try await scene.setDefault(first.url)
            #expect(try await scene.urls() == [first.url])
            let job = try await scene.end()
            try await scene.deliver()
            // What waits moves on, so that nothing is left of the first.
            try await scene.setDefault(second.url)
            #expect(try await scene.urls() == [second.url])
            let hosts = try await scene.tenants.owner.query("SELECT count(*) FROM webhook_failing_origins")
            #expect(try hosts[0].decode(Int.self) == 0)
            _ = try await scene.tryAgain(job)
            try await scene.setDefault(first.url)
            #expect(try await scene.urls() == [first.url, second.url].sorted())
            #expect(try await scene.replay(job))
            #expect(try await scene.urls() == [first.url])
        }
    }

    @Test func `a deleted account names no endpoint any more`() async throws {
        try await DeliveryScene.run { scene in
            let tenant = scene.tenants.example
            _ = try await scene.tenants.owner.transaction { try Tenant.end(tenant, in: $0) }
            await #expect(throws: WebhookEndpoint.AccountDeleted.self) {
                try await scene.setDefault("http://127.0.0.1:1/late")
            }
            #expect(try await scene.urls() == [])
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}

import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Endpoints that are away for a simulated day, by a clock that also moves between a claim and its try.
@Suite struct LongOutageTests {
    /// Between a claim and its try.
    private static let moment = Duration.milliseconds(30)

    static let outages: [(name: String, answer: ReceiverResponse?, word: DeliveryError)] = [
        ("503", .status(503), .badStatus), ("500", .status(500), .badStatus), ("429", .status(429), .badStatus),
        ("301", .status(301, headers: ["Location": "http://127.0.0.1/"]), .redirectRefused),
        ("hang", .hang, .timeout), ("reset", .reset, .connectionLost), ("closed port", nil, .connectionRefused),
    ]

    @Test(arguments: outages.indices)
    func `an endpoint that is down for a day gets every try of the schedule, and is marked failing`(index: Int)
        async throws
    {
        let (_, answer, word) = Self.outages[index]
        let receiver = try WebhookReceiver { _ in answer ?? .ok }
        // Nothing listens there.
        let url = answer == nil ? "http://127.0.0.1:1/" : receiver.url
        try await DeliveryScene.run(timeout: .milliseconds(300)) { scene in
            try await scene.setDefault(url)
            let job = try await scene.end()
            try await scene.deliver(after: Self.moment)
            while try await scene.tryAgain(job, after: Self.moment) {}
            #expect(try await scene.state(job)?.status == .givenUp)
            let attempts = try await scene.attempts(job)
            #expect(Set(attempts.map(\.error)) == [word])
            Self.expectSchedule(attempts)
            #expect(try await scene.endpoint()?.failingSince == attempts.first?.at)
            guard answer != nil else { return }
            #expect(Set(receiver.received.map(\.id)).count == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
            #expect(receiver.received.count == attempts.count)

            // Marked, not disabled: the next event goes there, and its acknowledgment clears the mark.
            receiver.behave { _ in .ok }
            let next = try await scene.end()
            try await scene.deliver()
            #expect(try await scene.state(next)?.status == .delivered)
            let endpoint = try #require(try await scene.endpoint())
            #expect(endpoint.failingSince == nil)
            #expect(endpoint.lastSuccess == scene.clock.now())
        }
    }

    private static func expectSchedule(_ attempts: [DeliveryAttempt]) {
        let gaps = zip(attempts, attempts.dropFirst()).map { ($1.at - $0.at) / .seconds(1) }
        let wanted: [Double] = [10, 30, 60, 120, 300, 600, 1200, 2400]
        #expect(gaps.count >= 8 + 19)
        for (index, gap) in gaps.dropLast().enumerated() {
            let delay = index < wanted.count ? wanted[index] : 3600
            #expect((delay * 0.8 - 1...delay * 1.2 + 1).contains(gap), "gap \(index)")
        }
        // The last try is a day after the first was claimed.
        #expect(attempts.last.map { $0.at - attempts[0].at } == DeliverySchedule.span)
    }

    @Test func `a last try that begins before the end of the day and hangs beyond it marks the endpoint too`()
        async throws
    {
        try await DeliveryScene.run { scene in
            try await scene.setDefault("http://127.0.0.1:1/")
            let job = try await scene.end()
            let start = scene.clock.now()
            try await scene.deliver(after: Self.moment)
            scene.clock.advance(by: DeliverySchedule.span - .seconds(10))
            let claim = try #require(try await scene.claim())
            let begunAt = scene.clock.now()
            scene.clock.advance(by: .seconds(15))
            let failure = DeliveryResult(statusCode: nil, latencyMilliseconds: 15_000, error: .timeout)
            #expect(try await scene.queue.finish(claim, failure, begunAt: begunAt))
            #expect(try await scene.state(job)?.status == .givenUp)
            #expect(try await scene.endpoint()?.failingSince == start + Self.moment)
        }
    }

    @Test func `an endpoint that refuses one event for a day and takes the others is not failing`() async throws {
        let receiver = try WebhookReceiver { $0.text("status") == "failed" ? .status(500) : .ok }
        try await DeliveryScene.run { scene in
            try await scene.setDefault(receiver.url)
            let job = try await scene.end(status: .failed)
            try await scene.deliver(after: Self.moment)
            while try await scene.tryAgain(job, after: Self.moment) {
                try await scene.end()
                try await scene.deliver(after: Self.moment)
            }
            #expect(try await scene.state(job)?.status == .givenUp)
            #expect(try await scene.endpoint()?.failingSince == nil)
        }
    }

    @Test func `a host without a name and one that does not speak TLS say so`() async throws {
        let plain = try WebhookReceiver(greeting: "220 this is not TLS\r\n")
        try await DeliveryScene.run { scene in
            let nameless = try await scene.end(telling: "http://no-such-host.invalid/hook")
            let wordless = try await scene.end(telling: "https://127.0.0.1:\(plain.port)/hook")
            try await scene.deliver()
            #expect(try await scene.attempts(nameless).map(\.error) == [.nameNotResolved])
            #expect(try await scene.attempts(wordless).map(\.error) == [.tls])
            #expect(plain.received.isEmpty)
        }
    }
}

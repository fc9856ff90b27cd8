import Foundation
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// One event against every kind of receiver, with a clock that the test moves.
@Suite struct DeliveryTests {
    @Test func `an event is told once, with the contract's body and headers`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url, publicURL: "https://api.example")
            #expect(try await scene.deliver() == 1)
            #expect(try await scene.deliver() == 0)
            let got = try #require(receiver.received.first)
            #expect(receiver.received.count == 1)
            #expect(got.method == "POST")
            #expect(got.headers["content-type"] == "application/json")
            #expect(got.headers["user-agent"] == "Verbatim-Webhooks/1")
            #expect(got.headers["webhook-timestamp"] == "\(scene.clock.now().milliseconds / 1000)")
            let signature = try #require(got.headers["x-transcription-signature"])
            #expect(signature.count == 64 && signature.allSatisfy { "0123456789abcdef".contains($0) })
            #expect(got.headers["x-transcription-signature-next"] == nil)
            let now = scene.clock.now().rfc3339
            let body = String(decoding: got.body, as: UTF8.self)
            #expect(
                body
                    == #"{"event":"job.completed","event_id":"\#(got.id)","job_id":"\#(job)","status":"completed","#
                    + #""created_at":"\#(now)","completed_at":"\#(now)","duration_seconds":2.6,"language":"en","#
                    + #""engine":"whisper_base","metadata":{"order": "A-17"},"error":null,"#
                    + #""transcript_url":"https://api.example/jobs/\#(job)/transcript"}"#)
            #expect(WebhookEventID(rawValue: got.id) != nil)
            #expect(try await scene.state(job) == DeliveryState(status: .delivered, nextTry: nil))
        }
    }

    @Test(arguments: [JobStatus.failed, .cancelled])
    func `failed and cancelled jobs are told without a transcript`(status: JobStatus) async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            try await scene.end(telling: receiver.url, status: status)
            try await scene.deliver()
            let got = try #require(receiver.received.first)
            let body = try #require(try JSONSerialization.jsonObject(with: Data(got.body)) as? [String: Any])
            #expect(body["event"] as? String == "job.\(status.rawValue)")
            #expect(body["transcript_url"] is NSNull && body["engine"] is NSNull)
            #expect(
                ((body["error"] as? [String: Any])?["code"] as? String) == (status == .failed ? "internal_error" : nil))
            #expect(!String(decoding: got.body, as: UTF8.self).contains("secret-name"))
        }
    }

    @Test func `a job without anybody to tell makes no event`() async throws {
        try await DeliveryScene.run { scene in
            let job = try await scene.end()
            #expect(try await scene.state(job) == nil)
            #expect(try await scene.deliver() == 0)
        }
    }

    static let failures: [(ReceiverResponse, code: Int?, DeliveryError)] = [
        (.status(500), 500, .badStatus), (.status(404), 404, .badStatus), (.status(102), nil, .timeout),
        (.status(301, headers: ["Location": "http://127.0.0.1/"]), 301, .redirectRefused),
        (.reset, nil, .connectionLost),
        (.close, nil, .connectionLost), (.hang, nil, .timeout), (.noise, nil, .badResponse),
    ]

    @Test(arguments: failures.indices)
    func `whatever is no acknowledgment is told again, the same event, byte for byte`(index: Int) async throws {
        let (answer, code, word) = Self.failures[index]
        let left = Mutex(3)
        let receiver = try WebhookReceiver { _ in
            left.withLock { left in
                left -= 1
                return left >= 0 ? answer : .ok
            }
        }
        try await DeliveryScene.run(timeout: .seconds(2)) { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            while try await scene.tryAgain(job) {}
            #expect(try await scene.state(job)?.status == .delivered)
            let attempts = try await scene.attempts(job)
            #expect(attempts.map(\.error) == [word, word, word, nil])
            #expect(attempts.map(\.statusCode) == [code, code, code, 200])
            #expect(attempts.map(\.number) == [1, 2, 3, 4])
            #expect(receiver.received.count == 4)
            #expect(Set(receiver.received.map(\.id)).count == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
        }
    }

    @Test func `a redirect is not followed`() async throws {
        let target = try WebhookReceiver()
        let receiver = try WebhookReceiver { _ in .status(307, headers: ["Location": target.url]) }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            #expect(try await scene.attempts(job).map(\.error) == [.redirectRefused])
            #expect(target.connections == 0)
        }
    }

    @Test func `410 stops`() async throws {
        let receiver = try WebhookReceiver { _ in .status(410) }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            #expect(try await scene.state(job) == DeliveryState(status: .givenUp, nextTry: nil))
            #expect(try await scene.attempts(job).map(\.error) == [.gone])
        }
    }

    @Test(arguments: [ReceiverResponse.status(204), .status(200, bodyBytes: 1 << 20), .endlessBody])
    func `an acknowledgment counts whatever its body`(answer: ReceiverResponse) async throws {
        let receiver = try WebhookReceiver { _ in answer }
        try await DeliveryScene.run(timeout: .seconds(5)) { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            #expect(try await scene.state(job)?.status == .delivered)
        }
    }

    @Test func `Retry-After is heeded where it is longer, and never beyond the day`() async throws {
        let wish = Mutex("1800")
        let receiver = try WebhookReceiver { _ in .status(429, headers: ["Retry-After": wish.withLock { $0 }]) }
        let start = try #require(Timestamp(rfc3339: "2026-11-23T12:00:00Z"))
        try await DeliveryScene.run(at: start) { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            #expect(try await scene.state(job)?.nextTry == start + .seconds(1800))
            wish.withLock { $0 = "1" }
            _ = try await scene.tryAgain(job)
            let soon = try #require(try await scene.state(job)?.nextTry) - scene.clock.now()
            #expect((.seconds(24)...(.seconds(36))).contains(soon))
            wish.withLock { $0 = "Mon, 23 Nov 2026 15:30:00 GMT" }
            _ = try await scene.tryAgain(job)
            #expect(try await scene.state(job)?.nextTry == Timestamp(rfc3339: "2026-11-23T15:30:00Z"))
            wish.withLock { $0 = "999999999999999999999" }
            _ = try await scene.tryAgain(job)
            #expect(try await scene.state(job)?.nextTry == start + DeliverySchedule.span)
            _ = try await scene.tryAgain(job)
            #expect(try await scene.state(job)?.status == .givenUp)
        }
    }

    @Test func `sending again is the same event on a new schedule`() async throws {
        let receiver = try WebhookReceiver { _ in .status(410) }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            scene.clock.advance(by: .seconds(40 * 3600))
            #expect(try await scene.replay(job))
            receiver.behave { _ in .status(500) }
            #expect(try await scene.deliver() == 1)
            let wait = try #require(try await scene.state(job)?.nextTry) - scene.clock.now()
            #expect((.seconds(8)...(.seconds(12))).contains(wait))
            receiver.behave { _ in .ok }
            _ = try await scene.tryAgain(job)
            #expect(try await scene.attempts(job).map(\.number) == [1, 2, 3])
            // Also what was acknowledged.
            #expect(try await scene.replay(job))
            #expect(try await scene.deliver() == 1)
            #expect(Set(receiver.received.map(\.body)).count == 1)
        }
    }

    static let results = [
        DeliveryResult(statusCode: 500, latencyMilliseconds: 1, error: .badStatus),
        DeliveryResult(statusCode: 410, latencyMilliseconds: 1, error: .gone),
        DeliveryResult(statusCode: 200, latencyMilliseconds: 1),
    ]

    @Test(arguments: results)
    func `what is sent again while it is being sent is sent again however that ends`(result: DeliveryResult)
        async throws
    {
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: "http://127.0.0.1:1/")
            let claim = try #require(try await scene.claim())
            // At the same moment, and a day later.
            for pause in [Duration.zero, .seconds(25 * 3600)] {
                scene.clock.advance(by: pause)
                #expect(try await scene.replay(job))
            }
            #expect(try await scene.queue.finish(claim, result, begunAt: scene.clock.now()))
            #expect(try await scene.state(job) == DeliveryState(status: .pending, nextTry: scene.clock.now()))
            let again = try #require(try await scene.claim())
            #expect(again.event == claim.event && again.attempt == 2)
            #expect(try await scene.queue.finish(again, result, begunAt: scene.clock.now()))
            #expect(try await scene.state(job)?.nextTry != scene.clock.now())
        }
    }

    @Test func `with a deleted job goes what was told of it, and the address that it alone named`() async throws {
        let receiver = try WebhookReceiver { _ in .status(500) }
        try await DeliveryScene.run { scene in
            try await scene.setDefault("http://127.0.0.1:1/default")
            let jobs = [
                try await scene.end(telling: receiver.url + "?token=1"), try await scene.end(telling: receiver.url),
                try await scene.end(telling: receiver.url), try await scene.end(),
            ]
            try await scene.deliver()
            let tenant = scene.tenants.example
            for job in [jobs[0], jobs[1], jobs[3]] {
                let isRemoved = try await scene.tenants.databases.app.transaction(of: tenant) {
                    try JobDeletion.remove(job, of: tenant, in: $0)
                }
                #expect(isRemoved)
                #expect(try await scene.attempts(job) == [])
            }
            let urls = try await scene.tenants.owner.query("SELECT url FROM webhook_endpoints ORDER BY url").map {
                try $0.decode(String.self)
            }
            #expect(urls == ["http://127.0.0.1:1/default", receiver.url])
            #expect(try await scene.attempts(jobs[2]).count == 1)
        }
    }

    @Test func `an endpoint that is named later gets the event when it is asked for`() async throws {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let job = try await scene.end()
            #expect(try await !scene.replay(job))
            try await scene.setDefault(receiver.url)
            #expect(try await scene.replay(job))
            try await scene.deliver()
            #expect(receiver.received.map { $0.text("job_id") } == [job.rawValue])
        }
    }
}

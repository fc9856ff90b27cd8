import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// A job's outcome and its event are one transaction.
@Suite struct WebhookOutcomeTests {
    private static func options(_ url: String?) -> JobOptions {
        var options = JobOptions()
        options.webhookURL = url
        return options
    }

    private static func state(_ scene: QueueScene, _ job: JobID) async throws -> DeliveryState? {
        let tenant = scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try DeliveryLog.state(of: job, tenant: tenant, in: $0)
        }
    }

    private static func body(_ scene: QueueScene) async throws -> String {
        String(
            decoding: try await scene.tenants.owner.query("SELECT body FROM webhook_events")[0].decode([UInt8].self),
            as: UTF8.self)
    }

    @Test func `the address is kept with the job`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit(options: Self.options("https://example.org/hook"))
            #expect(try await scene.job(job.id)?.webhookURL == "https://example.org/hook")
            #expect(try await Self.state(scene, job.id) == nil)
        }
    }

    @Test func `a job that fails leaves its event, and a job that was not to be told of leaves none`() async throws {
        try await QueueScene.run { scene in
            let told = try await scene.submit(options: Self.options("https://example.org/hook"))
            let silent = try await scene.submit()
            for claim in try await scene.first.claim(limit: 2) {
                try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            }
            #expect(try await Self.state(scene, told.id)?.status == .pending)
            #expect(try await Self.state(scene, silent.id) == nil)
            let body = try await Self.body(scene)
            #expect(body.contains(#""event":"job.failed""#) && body.contains(#""transcript_url":null"#))
        }
    }

    @Test func `a job that completes leaves its event, with the transcript's address`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit(options: Self.options("https://example.org/hook"))
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.tenants.owner.execute("UPDATE jobs SET samples_total = 16000, language = 'en'")
            let transcript = Transcript(
                jobID: job.id.rawValue, language: "en", languageConfidence: nil, durationMilliseconds: 1000,
                engine: "whisper_base", model: "whisper_base", diarization: "none", speakers: [], segments: [])
            try await scene.write(claim) {
                try $0.completeJob(transcript, body: [], publicURL: "https://api.example", in: $1)
            }
            let body = try await Self.body(scene)
            #expect(body.contains(#""event":"job.completed""#))
            #expect(body.contains(#""transcript_url":"https://api.example/jobs/\#(job.id)/transcript""#))
        }
    }

    @Test func `a job that is cancelled leaves its event, waiting or at work`() async throws {
        try await QueueScene.run { scene in
            let tenant = scene.tenants.example
            var jobs: [JobID] = []
            for _ in 0..<2 { jobs.append(try await scene.submit(options: Self.options("https://example.org/hook")).id) }
            let working = try #require(try await scene.first.claim(limit: 1).first).job
            for job in jobs {
                _ = try await scene.tenants.databases.app.transaction(of: tenant) {
                    try Job.cancel(job, of: tenant, in: $0)
                }
                #expect(try await Self.state(scene, job)?.status == .pending)
            }
            #expect(jobs.contains(working))
            let events = try await scene.tenants.owner.query("SELECT event, body FROM webhook_events").map {
                try $0.decode(String.self, [UInt8].self)
            }
            #expect(events.map(\.0) == ["job.cancelled", "job.cancelled"])
            for (_, body) in events {
                let text = String(decoding: body, as: UTF8.self)
                #expect(text.contains(#""event":"job.cancelled""#) && text.contains(#""status":"cancelled""#))
                #expect(text.contains(#""error":null,"transcript_url":null"#))
            }
            await #expect(throws: JobFinished.self) {
                try await scene.tenants.databases.app.transaction(of: tenant) {
                    try Job.cancel(working, of: tenant, in: $0)
                }
            }
            #expect(try await scene.tenants.owner.query("SELECT id FROM webhook_events").count == 2)
        }
    }

    @Test func `an outcome that is rolled back leaves no event`() async throws {
        struct Trouble: Error {}
        try await QueueScene.run { scene in
            let job = try await scene.submit(options: Self.options("https://example.org/hook"))
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            await #expect(throws: Trouble.self) {
                try await scene.write(claim) { claim, transaction in
                    try claim.failJob(.internal, in: transaction)
                    throw Trouble()
                }
            }
            #expect(try await Self.state(scene, job.id) == nil)
            #expect(try await scene.job(job.id)?.status == .processing)
        }
    }

    @Test func `the default endpoint is told where the job names no address`() async throws {
        try await QueueScene.run { scene in
            let tenant = scene.tenants.example
            _ = try await scene.tenants.databases.app.transaction(of: tenant) {
                try WebhookEndpoint.setDefault("https://example.org/default", of: tenant, in: $0)
            }
            try await scene.submit()
            try await scene.submit(options: Self.options("https://example.org/own"))
            for claim in try await scene.first.claim(limit: 2) {
                try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            }
            let urls = try await scene.tenants.owner.query("SELECT url FROM webhook_events ORDER BY job_id").map {
                try $0.decode(String.self)
            }
            #expect(urls == ["https://example.org/default", "https://example.org/own"])
        }
    }
}

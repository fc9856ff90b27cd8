import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// What an account may do, and what happens at its limits, as its customer sees it.
@Suite struct QuotaTests {
    private static func limit(_ deployment: Deployment, _ assignment: PostgresQuery) async throws {
        let tenant = deployment.tenants.example
        try await deployment.tenants.owner.execute(
            "INSERT INTO quota_overrides (tenant_id) VALUES (\(tenant)) ON CONFLICT DO NOTHING")
        try await deployment.tenants.owner.execute(
            "UPDATE quota_overrides SET \(assignment) WHERE tenant_id = \(tenant)")
    }

    /// Two seconds of speech.
    private static func short(_ folder: TemporaryFolder) async throws -> String {
        try await Recordings.ffmpeg(["-i", Recordings.clip("0880"), "-t", "2"], into: folder, named: "short.wav")
    }

    @Test
    func
        `of two hundred simultaneous uploads to two nodes fifty are accepted where fifty fit, and the others cost nothing`()
        async throws
    {
        try await Deployment.with { deployment in
            // Twelve seconds each.
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=frequency=300", "-t", "12", "-ar", "8000"], into: deployment.scratch,
                named: "tone.wav")
            try await Self.limit(deployment, "monthly_minutes = 10")
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example)
            let customers = [
                try await Customer.logIn(apiKey: key.text, at: nodes[0], over: deployment.http),
                try await Customer.logIn(apiKey: key.text, at: nodes[1], over: deployment.http),
            ]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        // A node that is too busy to look at the file says so: the client tries again, as it is told.
                        var answer = try await customers[number % 2].post(file: file)
                        while answer.status == 503 { answer = try await customers[number % 2].post(file: file) }
                        if answer.status != 202 {
                            let problem = try answer.problem(402)
                            #expect(problem["error"] as? String == "quota_exceeded")
                            #expect(problem["overage_allowed"] as? Bool == false)
                        }
                        return answer.status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [202: 50, 402: 150])
            let stored = try FileManager.default.subpathsOfDirectory(atPath: deployment.storage.path)
            #expect(stored.count(where: { $0.hasSuffix("source") }) == 50)
        }
    }

    @Test func `overage is offered, accepted and billed; without the word for it nothing is`() async throws {
        try await Deployment.with { deployment in
            try await Self.limit(deployment, "monthly_minutes = 0, overage_enabled = true")
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let file = try await Self.short(deployment.scratch)
            let refused = try await customer.post(file: file).problem(402)
            #expect(refused["overage_allowed"] as? Bool == true)
            #expect(
                try await customer.post(file: file, query: "?accept_overage=perhaps").problem(400)["field"] as? String
                    == "accept_overage")
            let accepted = try await customer.post(file: file, query: "?accept_overage=true")
            #expect(accepted.status == 202, "\(accepted.text)")
            let job = try #require(try accepted.json["job_id"] as? String)
            #expect(try await customer.finished(job)["status"] as? String == "completed")
            let usage = try await deployment.tenants.owner.query(
                "SELECT job_id, seconds, accept_overage, rate_micros_per_minute FROM usage"
            ).map { try $0.decode(String.self, Int.self, Bool.self, Int.self) }
            #expect(usage.count == 1)
            #expect(usage[0] == (job, 2, true, 40_000))
        }
    }

    @Test func `without queueing the job over the limit is told when to come again`() async throws {
        try await Deployment.with { deployment in
            try await Self.limit(deployment, "queueing_enabled = false, concurrency = 1")
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let file = try await Self.short(deployment.scratch)
            _ = try await customer.submit(file: file)
            let refused = try await customer.post(file: file)
            #expect(try refused.problem(429)["error"] as? String == "rate_limited")
            #expect((Int(refused.headers["Retry-After"] ?? "") ?? 0) > 0)
        }
    }

    @Test func `the same request under the same key is one job, answered byte for byte the same`() async throws {
        try await Deployment.with { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let alice = try await deployment.customer(at: nodes[0])
            let bob = try await deployment.customer(at: nodes[1])
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: nodes[0])
            let file = try await Self.short(deployment.scratch)
            let key = [(name: "Idempotency-Key", value: "order 66")]
            let first = try await alice.post(file: file, fields: ["language": "en"], headers: key)
            #expect(first.status == 202)
            #expect(first.headers["Idempotent-Replayed"] == nil)
            // Another name for the file and another node: the same request.
            let again = try await bob.post(file: file, named: "b.wav", fields: ["language": "en"], headers: key)
            #expect(again.status == 202)
            #expect(again.body == first.body)
            #expect(again.headers["Location"] == first.headers["Location"])
            #expect(again.headers["Idempotent-Replayed"] == "true")
            #expect(
                try await alice.post(file: file, headers: key).problem(422)["error"] as? String
                    == "idempotency_conflict")
            #expect(
                try await alice.post(file: Recordings.clip("0880"), fields: ["language": "en"], headers: key)
                    .problem(422)["error"] as? String == "idempotency_conflict")
            #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").count == 1)
            // Another tenant's key is another key.
            let other = try await charlie.post(file: file, fields: ["language": "en"], headers: key)
            #expect(other.status == 202)
            #expect(other.headers["Idempotent-Replayed"] == nil)
            #expect(other.body != first.body)
        }
    }

    @Test func `a refusal is not remembered, and a key that is being worked on is not worked on twice`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let file = try await Self.short(deployment.scratch)
            let key = [(name: "Idempotency-Key", value: "k")]
            _ = try await customer.post(file: Checkout.fixture("librivox/transcription"), headers: key).problem(415)
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, holder, lease_until)
                VALUES (\(deployment.tenants.example), 'k', 'another node', now() + interval '1 minute')
                """)
            let busy = try await customer.post(file: file, headers: key)
            #expect(try busy.problem(409)["error"] as? String == "idempotency_in_progress")
            #expect(busy.headers["Retry-After"] != nil)
            try await deployment.tenants.owner.execute("UPDATE idempotency_keys SET lease_until = now()")
            #expect(try await customer.post(file: file, headers: key).status == 202)
            let long = [(name: "Idempotency-Key", value: String(repeating: "k", count: 256))]
            #expect(
                try await customer.post(file: file, headers: long).problem(400)["field"] as? String == "Idempotency-Key"
            )
        }
    }
}

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
            try await Self.limit(deployment, "monthly_minutes = 10, concurrency = 100")
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
            let file = try await Recordings.short(into: deployment.scratch)
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
            let file = try await Recordings.short(into: deployment.scratch)
            _ = try await customer.submit(file: file)
            let refused = try await customer.post(file: file)
            #expect(try refused.problem(429)["error"] as? String == "rate_limited")
            #expect((Int(refused.headers["Retry-After"] ?? "") ?? 0) > 0)
        }
    }
}

import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct StatusCommandTests {
    @Test func `a deployment without work says so`() async throws {
        try await Operator.with { olga in
            let status = try await olga.object("status")
            #expect(status["jobs_queued"] as? Int == 0)
            #expect(status["oldest_wait_seconds"] == nil)
            #expect((status["workers"] as? [Any])?.isEmpty == true)
            #expect(status["failed_last_hour"] as? Int == 0)
            #expect(try await olga.call("status").output.contains("workers at work  -"))
        }
    }

    @Test func `queue, workers, failures and open months are counted across all accounts`() async throws {
        try await Operator.with { olga in
            let tenants = olga.tenants
            let waiting = try await JobScene.insert(.queued, of: tenants.example, into: tenants, age: .seconds(100))
            try await JobScene.insert(.queued, of: tenants.other, into: tenants, age: .seconds(10))
            let running = try await JobScene.insert(.processing, of: tenants.other, into: tenants, age: .seconds(500))
            try await JobScene.insert(.completed, of: tenants.other, into: tenants)
            for _ in 1...2 {
                try await JobScene.insert(
                    .failed, of: tenants.example, into: tenants, error: ("invalid_audio", "decode_failed"))
            }
            let old = try await JobScene.insert(.failed, of: tenants.example, into: tenants)
            try await tenants.owner.execute(
                "UPDATE jobs SET completed_at = now() - interval '61 minutes' WHERE id = \(old)")
            try await JobScene.addTask(.prepare, to: waiting, of: tenants.example, in: tenants)
            try await JobScene.addTask(.recognize, part: 0, to: running, of: tenants.other, in: tenants, delay: 60)
            try await JobScene.addTask(
                .recognize, part: 1, to: running, of: tenants.other, in: tenants, worker: "node-1:7", lease: 10)
            try await JobScene.addTask(
                .recognize, part: 2, to: running, of: tenants.other, in: tenants, worker: "node-1:7", lease: 10)
            // Its worker has been silent for too long to be called alive.
            try await JobScene.addTask(
                .recognize, part: 3, to: running, of: tenants.other, in: tenants, worker: "node-2:9", lease: -1)
            try await tenants.owner.execute(
                """
                INSERT INTO usage_months (tenant_id, month, closed_at) VALUES (\(tenants.example), '2026-01', now()),
                    (\(tenants.example), '2026-02', NULL), (\(tenants.other), '2026-02', NULL),
                    (\(tenants.other), '9999-12', NULL)
                """)

            let status = try await olga.object("status")
            #expect(status["jobs_queued"] as? Int == 2)
            #expect(status["jobs_processing"] as? Int == 1)
            #expect((100..<200).contains(status["oldest_wait_seconds"] as? Int ?? 0))
            #expect(status["tasks_ready"] as? [String: Int] == ["prepare": 1])
            #expect(status["tasks_later"] as? [String: Int] == ["recognize": 1])
            #expect(status["tasks_running"] as? [String: Int] == ["recognize": 3])
            let workers = try #require(status["workers"] as? [[String: Any]])
            #expect(workers.count == 1)
            #expect(workers[0]["worker"] as? String == "node-1:7")
            #expect(workers[0]["tasks"] as? Int == 2)
            #expect(status["completed_last_hour"] as? Int == 1)
            #expect(status["failed_last_hour"] as? Int == 2)
            let failures = try #require(status["failures_last_hour"] as? [[String: Any]])
            #expect(failures.count == 1)
            #expect(failures[0]["error_code"] as? String == "invalid_audio")
            #expect(failures[0]["error_reason"] as? String == "decode_failed")
            #expect(failures[0]["jobs"] as? Int == 2)
            let months = try #require(status["months_to_close"] as? [[String: Any]])
            #expect(months.count == 1)
            #expect(months[0]["period"] as? String == "2026-02")
            #expect(months[0]["tenants"] as? Int == 2)
        }
    }

    /// An endpoint that fails, and a job's event that was tried there twice.
    private static func addEndpoint(
        _ url: String, of tenant: TenantID, in tenants: Tenants, isDefault: Bool = true, failing: String? = nil,
        lastTry: String = "1 hour", code: Int? = nil, error: String? = "timeout"
    ) async throws {
        let job = try await JobScene.insert(.completed, of: tenant, into: tenants)
        let event = "evt_" + job.rawValue.dropFirst(4)
        try await tenants.owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO webhook_endpoints (tenant_id, url, is_default, id, events, failing_since, first_failure_at)
                VALUES (\(tenant), \(url), \(isDefault), \(isDefault ? WebhookEndpointID() : nil),
                    \(isDefault ? ["*"] : nil), now() - \(failing)::interval, now() - \(failing)::interval)
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, status, attempt)
                VALUES (\(tenant), \(event), \(job), 'job.completed', \(url), '', 'pending', 2)
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, error)
                VALUES (\(tenant), \(event), 1, now() - interval '90 days', 418, 'bad_status'),
                    (\(tenant), \(event), 2, now() - \(lastTry)::interval, \(code), \(error))
                """)
        }
    }

    @Test
    func `endpoints that are marked failing are listed with their account, since when, and how the last try went`()
        async throws
    {
        try await Operator.with { olga in
            let (tenants, example, other) = (olga.tenants, olga.tenants.example, olga.tenants.other)
            let none = try await olga.object("status")
            #expect(none["endpoints_failing"] as? Int == 0)
            #expect((none["failing_endpoints"] as? [Any])?.isEmpty == true)
            #expect(try await olga.call("status").output.contains("webhooks         -"))

            try await Self.addEndpoint(
                "https://user:5ec4e7@hooks.example.org:8443/5ec4e7/in?token=5ec4e7", of: example, in: tenants,
                failing: "3 days", code: 503, error: "bad_status")
            try await Self.addEndpoint(
                "http://[2606:4700::1111]/5ec4e7", of: other, in: tenants, isDefault: false, failing: "26 hours")
            // Well, or no longer anybody's.
            try await Self.addEndpoint("https://well.example.org/", of: other, in: tenants)
            try await Self.addEndpoint(
                "https://former.example.org/", of: example, in: tenants, isDefault: false, failing: "40 days",
                lastTry: "8 days")

            let status = try await olga.object("status")
            #expect(status["endpoints_failing"] as? Int == 2)
            let endpoints = try #require(status["failing_endpoints"] as? [[String: Any]])
            try #require(endpoints.count == 2)
            #expect(endpoints[0]["tenant_id"] as? String == olga.example)
            #expect(endpoints[0]["host"] as? String == "hooks.example.org")
            #expect(endpoints[0]["is_default"] as? Bool == true)
            #expect(endpoints[0]["last_status_code"] as? Int == 503)
            #expect(endpoints[0]["last_error"] as? String == "bad_status")
            let since = try #require((endpoints[0]["failing_since"] as? String).flatMap { Timestamp(rfc3339: $0) })
            #expect((.seconds(71 * 3600)...(.seconds(73 * 3600))).contains(Timestamp.now() - since))
            #expect(endpoints[0]["last_try_at"] is String && endpoints[0]["last_success_at"] == nil)
            #expect(endpoints[1]["tenant_id"] as? String == olga.other)
            #expect(endpoints[1]["host"] as? String == "[2606:4700::1111]")
            #expect(endpoints[1]["is_default"] as? Bool == false)
            #expect(endpoints[1]["last_status_code"] == nil)
            #expect(endpoints[1]["last_error"] as? String == "timeout")

            let text = try await olga.call("status").output
            #expect(text.contains("webhooks         2 endpoints failing, below"))
            let row = text.split(separator: "\n").first { $0.hasPrefix(olga.example) } ?? ""
            #expect(row.contains("hooks.example.org") && row.hasSuffix("503 bad_status"))
            for answer in [text, try await olga.call("status", "--json").output] {
                #expect(!answer.contains("5ec4e7") && !answer.contains("former") && !answer.contains("well.example"))
            }
        }
    }
}

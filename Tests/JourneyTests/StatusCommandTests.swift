import Foundation
import Pipeline
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(20))) struct StatusCommandTests {
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
            try await JobScene.addTask(.recognise, part: 0, to: running, of: tenants.other, in: tenants, delay: 60)
            try await JobScene.addTask(
                .recognise, part: 1, to: running, of: tenants.other, in: tenants, worker: "node-1:7", lease: 10)
            try await JobScene.addTask(
                .recognise, part: 2, to: running, of: tenants.other, in: tenants, worker: "node-1:7", lease: 10)
            // Its worker has been silent for too long to be called alive.
            try await JobScene.addTask(
                .recognise, part: 3, to: running, of: tenants.other, in: tenants, worker: "node-2:9", lease: -1)
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
            #expect(status["tasks_later"] as? [String: Int] == ["recognise": 1])
            #expect(status["tasks_running"] as? [String: Int] == ["recognise": 3])
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
}

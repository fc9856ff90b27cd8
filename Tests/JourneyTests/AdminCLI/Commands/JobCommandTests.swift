import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct JobCommandTests {
    @Test func `jobs are listed newest first, of all accounts or one, of all statuses or one`() async throws {
        try await Operator.with { olga in
            let tenants = olga.tenants
            let start = Timestamp.now()
            let first = JobID(at: start)
            let second = JobID(at: start + .seconds(1))
            let third = JobID(at: start + .seconds(2))
            try await JobScene.insert(
                .failed, of: tenants.example, into: tenants, id: first, error: ("invalid_audio", "empty_audio"))
            try await JobScene.insert(.processing, of: tenants.other, into: tenants, id: second)
            try await JobScene.insert(.completed, of: tenants.example, into: tenants, id: third)

            func ids(_ arguments: String...) async throws -> [String] {
                let result = try await olga.call(["job", "list", "--json"] + arguments)
                let rows = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]]
                return try #require(rows).compactMap { $0["job_id"] as? String }
            }
            #expect(try await ids() == [third, second, first].map(\.rawValue))
            #expect(try await ids("--tenant", olga.example) == [third, first].map(\.rawValue))
            #expect(try await ids("--status", "failed") == [first.rawValue])
            #expect(try await ids("--status", "cancelled") == [])
            #expect(try await ids("--limit", "1") == [third.rawValue])

            let failed = try await olga.list("job", "list", "--status", "failed")[0]
            #expect(failed["tenant_id"] as? String == olga.example)
            #expect(failed["error_code"] as? String == "invalid_audio")
            #expect(failed["error_reason"] as? String == "empty_audio")
            #expect(failed["duration_seconds"] as? Double == 100)
            #expect(try await olga.call("job", "list").output.contains("invalid_audio/empty_audio"))
        }
    }

    @Test func `a job shows its tasks and nothing of its customer's`() async throws {
        try await Operator.with { olga in
            let tenants = olga.tenants
            let job = try await JobScene.insert(
                .processing, of: tenants.example, into: tenants,
                url: "https://user:geheim@media.example:8443/meier/operation.mp3?token=abc123")
            try await JobScene.addTask(
                .recognize, part: 7, to: job, of: tenants.example, in: tenants, worker: "node-1:42", lease: 15,
                attempt: 3,
                lastError: "EngineError")
            let upload = try await JobScene.insert(.processing, of: tenants.example, into: tenants)

            let shown = try await olga.object("job", "show", job.rawValue)
            #expect(shown["status"] as? String == "processing")
            #expect(shown["progress"] as? Double == 0.25)
            #expect(shown["source_type"] as? String == "url")
            #expect(shown["source_host"] as? String == "media.example")
            #expect(shown["source_kept"] as? Bool == true)
            let tasks = try #require(shown["tasks"] as? [[String: Any]])
            #expect(tasks.count == 1)
            #expect(tasks[0]["kind"] as? String == "recognize")
            #expect(tasks[0]["part"] as? Int == 7)
            #expect(tasks[0]["attempt"] as? Int == 3)
            #expect(tasks[0]["worker"] as? String == "node-1:42")
            #expect(tasks[0]["last_error"] as? String == "EngineError")

            for arguments in [
                ["job", "show", job.rawValue], ["job", "show", upload.rawValue], ["job", "list"],
                ["job", "show", job.rawValue, "--json"], ["job", "show", upload.rawValue, "--json"],
                ["job", "list", "--json"],
            ] {
                let output = try await olga.call(arguments).output
                #expect(output.contains("processing"))
                for hidden in ["meier", "Meier", "patient", "token", "abc123", "user", "geheim", "operation"] {
                    #expect(!output.contains(hidden), "\(arguments): \(hidden)")
                }
            }
        }
    }

    private static let wrongCalls: [(arguments: [String], status: Int32)] = [
        (["job", "show", "job_01M838NEQVMJ0RCZR3A9GJMFEQ"], 1), (["job", "show", "x"], 64), (["job", "show"], 64),
        (["job", "list", "--status", "lost"], 64), (["job", "list", "--limit", "0"], 64),
        (["job", "list", "--tenant", "x"], 64),
    ]

    @Test func `a wrong call says so and ends with its status`() async throws {
        try await Operator.with { olga in
            for (arguments, status) in Self.wrongCalls {
                let result = try await olga.call(arguments)
                #expect(result.status == status, "\(arguments)")
                #expect(!result.errors.isEmpty && result.output.isEmpty, "\(arguments)")
            }
        }
    }
}

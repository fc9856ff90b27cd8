import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// `job cancel` and `job retry`, through the real command line.
@Suite(.timeLimit(.minutes(20))) struct JobEndCommandTests {
    @Test func `a waiting job is cancelled, once, and the audit log says by whom`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            let olga = Operator(tenants: deployment.tenants)
            let asked = try await olga.call("job", "cancel", job)
            #expect(asked.status == 1)
            #expect(asked.errors.contains("--yes"))
            #expect(try await olga.object("job", "cancel", job, "--yes")["status"] as? String == "cancelled")
            #expect(try await customer.get("/jobs/\(job)").json["status"] as? String == "cancelled")
            let again = try await olga.call("job", "cancel", job, "--yes")
            #expect(again.status == 1)
            #expect(again.errors.contains("has ended already"))
            #expect(try await olga.call("job", "cancel", "job_01M838PFM86E9W3FD5JMJB8BCA", "--yes").status == 1)
            #expect(try await olga.audit() == ["olga | job cancel | \(job)"])
        }
    }

    @Test func `a failed job's recording is submitted once more, as one new job`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let job = try await customer.submit(
                file: Recordings.clip("0880"), named: "Meier.wav",
                fields: ["language": "en", "metadata": #"{"order":"A-17"}"#])
            let id = try #require(JobID(rawValue: job))
            try await Self.fail(id, deployment.tenants)
            let olga = Operator(tenants: deployment.tenants)
            let storage = ["VERBATIM_STORAGE": "file://" + deployment.storage.path]
            let retried = try await olga.call(["job", "retry", job, "--json"], storage)
            try #require(retried.status == 0, "\(retried.errors)")
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(retried.output.utf8)) as? [String: String])
            let new = try #require(answer["job_id"])
            #expect(new != job)
            let again = try await olga.call(["job", "retry", job], storage)
            #expect(again.status == 1)
            #expect(again.errors.contains(new))
            #expect(try await olga.call(["job", "retry", new], storage).status == 1)
            #expect(try await olga.audit() == [#"olga | job retry | \#(job) | {"new_job": "\#(new)"}"#])

            let worker = try await deployment.start("worker")
            let ended = try await customer.finished(new)
            #expect(ended["status"] as? String == "completed")
            #expect(ended["metadata"] as? [String: String] == ["order": "A-17"])
            #expect((ended["source"] as? [String: String])?["name"] == "Meier.wav")
            #expect(try await customer.get("/jobs/\(job)").json["status"] as? String == "failed")
            let billed = try await deployment.tenants.owner.query("SELECT job_id FROM usage").map {
                try $0.decode(String.self)
            }
            #expect(billed == [new])
            worker.process.signal(SIGTERM)
        }
    }

    /// As a worker does whose engine was away for too long.
    private static func fail(_ job: JobID, _ tenants: Tenants) async throws {
        let queue = TaskQueue(databases: tenants.databases, worker: "test")
        let claim = try #require(try await queue.claim(limit: 1).first)
        #expect(claim.job == job)
        try await tenants.databases.app.transaction(of: claim.tenant) {
            try claim.failJob(.transient, keepingSourceFor: .seconds(3600), in: $0)
        }
    }
}

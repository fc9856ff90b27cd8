import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// `job cancel` and `job retry`, through the real command line.
@Suite struct JobEndCommandTests {
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

    /// A failed job whose source lies in `storage`, without a deployment around it.
    private static func failedJob(_ olga: Operator, in storage: TemporaryFolder) async throws -> JobID {
        let (tenants, job) = (olga.tenants, JobID())
        try await JobScene.insert(.failed, of: tenants.example, into: tenants, id: job)
        let key = StorageKey.source(of: job, tenant: tenants.example)
        try await FileStorage(root: storage.path).write([1, 2, 3], as: key)
        try await tenants.owner.execute(
            "UPDATE jobs SET source_key = \(key.path), source_kept_until = now() + interval '1 hour', estimated_ms = 3000"
        )
        return job
    }

    @Test func `of operators who retry a job at the same time one does, and the others are told its new name`()
        async throws
    {
        try await Operator.with { olga in
            let storage = try TemporaryFolder()
            defer { storage.remove() }
            let job = try await Self.failedJob(olga, in: storage)
            let settings = ["VERBATIM_STORAGE": "file://" + storage.path]
            let results = try await withThrowingTaskGroup(of: Command.Result.self) { group in
                for _ in 1...5 {
                    group.addTask { try await olga.call(["job", "retry", job.rawValue], settings) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.map(\.status).sorted() == [0, 1, 1, 1, 1])
            let new = try await olga.tenants.owner.query("SELECT id FROM jobs WHERE id <> \(job)").map {
                try $0.decode(String.self)
            }
            #expect(new.count == 1)
            for result in results { #expect((result.output + result.errors).contains(new[0]), "\(result)") }
            #expect(try await olga.audit() == [#"olga | job retry | \#(job) | {"new_job": "\#(new[0])"}"#])
        }
    }

    @Test func `a retry that is killed before its job is queued blocks the next one for a minute alone`() async throws {
        try await Operator.with { olga in
            let storage = try TemporaryFolder()
            defer { storage.remove() }
            let (owner, example) = (olga.tenants.owner, olga.tenants.example)
            let job = try await Self.failedJob(olga, in: storage)
            let settings = ["VERBATIM_STORAGE": "file://" + storage.path]
            // Holds the month, so that the new job cannot be queued.
            try await owner.execute(
                "INSERT INTO usage_months (tenant_id, month) SELECT \(example), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')"
            )
            try await owner.whileOpen({ try $0.execute("SELECT FROM usage_months FOR UPDATE") }) {
                let killed = try await RunningProcess(
                    Checkout.executable("verbatim-admin"), ["job", "retry", job.rawValue],
                    environment: olga.environment.merging(settings) { $1 })
                try await eventually("its copy is there") { try storage.files.count == 2 }
                killed.signal(SIGKILL)
                #expect(try await killed.ended() == -SIGKILL)
            }
            let name = try await owner.query("SELECT retried_as FROM jobs")[0].decode(String.self)
            let blocked = try await olga.call(["job", "retry", job.rawValue], settings)
            #expect(blocked.status == 1)
            #expect(blocked.errors.contains(name) && blocked.errors.contains("may be tried again from"))

            try await owner.execute("UPDATE jobs SET retry_lease_until = now()")
            let retried = try await olga.call(["job", "retry", job.rawValue], settings)
            #expect(retried.status == 0, "\(retried.errors)")
            #expect(!retried.output.contains(name))
            #expect(try await owner.query("SELECT FROM jobs").count == 2)
            #expect(try await owner.query("SELECT FROM reservations").count == 1)
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

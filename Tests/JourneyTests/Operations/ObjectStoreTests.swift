import Egress
import Foundation
import MediaSimulator
import Postgres
import TestSupport
import Testing

/// Nodes that share nothing but a database and a bucket.
@Suite struct ObjectStoreTests {
    /// A deployment whose storage is a bucket, below a prefix of its own, and a scratch folder for a second node.
    private static func with(
        _ body: (Deployment, ObjectStore, _ prefix: String, [String: String], TemporaryFolder) async throws -> Void
    ) async throws {
        let store = try await ObjectStore.shared()
        try await Deployment.with { deployment in
            let other = try TemporaryFolder()
            defer { other.remove() }
            let prefix = "journey-\(UUID().uuidString)"
            let settings = store.settings(prefix: prefix).merging(
                ["VERBATIM_LOG_LEVEL": "trace", "VERBATIM_EGRESS_ALLOW": "127.0.0.1/32"]) { $1 }
            try await body(deployment, store, prefix, settings, other)
        }
    }

    /// All files of a node but the lock that it always has.
    private static func recordings(in scratch: TemporaryFolder) throws -> [String] {
        try scratch.files.filter { $0 != "uploads/.lock" }
    }

    @Test func `an upload and a URL are transcribed by nodes with folders of their own, and nothing is left`()
        async throws
    {
        try await Self.with { deployment, store, prefix, settings, other in
            let api = try await deployment.start("api", settings)
            let customer = try await deployment.customer(at: api)
            let site = try MediaSimulator([
                "/call.wav": .init(
                    type: "audio/x-wav",
                    body: Array(try Data(contentsOf: URL(fileURLWithPath: Recordings.clip("0930")))))
            ])
            let upload = try await customer.submit(file: Recordings.clip("0880"), fields: ["diarize": "false"])
            // Before anybody works on it: the upload has left the API's machine for the bucket.
            #expect(try await store.keys(prefix + "/").map { $0.hasSuffix("/\(upload)/source") } == [true])
            #expect(try Self.recordings(in: deployment.scratch) == [])

            let worker = try await deployment.start("worker", settings.merging(["VERBATIM_SCRATCH": other.path]) { $1 })
            let answer = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"\#(site.url)/call.wav","language":"en"}"#)
            let fetched = try #require(try answer.json["job_id"] as? String)
            #expect(
                WordErrorRate.normalized(try await customer.words(of: upload)) == (try Recordings.reference(["0880"])))
            #expect(
                WordErrorRate.normalized(try await customer.words(of: fetched)) == (try Recordings.reference(["0930"])))
            try await eventually("nothing is left in the bucket") { try await store.keys(prefix + "/").isEmpty }
            for job in [upload, fetched] {
                try await eventually("the deletion is on record") {
                    try await customer.get("/jobs/\(job)").json["source_deleted_at"] is String
                }
            }
            #expect(try Self.recordings(in: deployment.scratch) == [])
            #expect(try deployment.storage.files == [])
            #expect(try Self.recordings(in: other) == [])
            for line in api.process.log.lines + worker.process.log.lines {
                #expect(!line.contains(store.secretAccessKey) && !line.contains(store.accessKeyID), "\(line)")
                #expect(!line.contains("/source"), "\(line)")
            }
        }
    }

    @Test func `nodes with the role of a container and of an instance work on when their key expires`() async throws {
        try await Self.with { deployment, store, prefix, settings, other in
            let (container, instance) = (
                try RoleSimulator(try await store.temporaryKey()), try RoleSimulator(try await store.temporaryKey())
            )
            let common = settings.filter { !store.keySettings.keys.contains($0.key) }
            let api = try await deployment.start("api", common.merging(container.settings(.container)) { $1 })
            let customer = try await deployment.customer(at: api)
            let first = try await customer.submit(file: Recordings.clip("0880"), fields: ["diarize": "false"])
            // The key expires before its time, so the node doesn't renew it until the store rejects it.
            var keys = [container.key, instance.key]
            container.key = try await store.temporaryKey()
            try await store.expire(keys[0])
            let second = try await customer.submit(file: Recordings.clip("0930"), fields: ["diarize": "false"])
            #expect(container.renewals == 2)
            #expect(try await store.keys(prefix + "/").count == 2)
            let worker = try await deployment.start(
                "worker",
                common.merging(instance.settings(.instance)) { $1 }.merging(["VERBATIM_SCRATCH": other.path]) { $1 })
            for (job, recording) in [(first, "0880"), (second, "0930")] {
                #expect(
                    WordErrorRate.normalized(try await customer.words(of: job))
                        == (try Recordings.reference([recording])))
            }
            try await eventually("nothing is left in the bucket") { try await store.keys(prefix + "/").isEmpty }
            #expect(instance.renewals == 1)
            keys.append(container.key)
            let secrets =
                keys.flatMap { [$0.id, $0.secret, $0.token] } + [RoleSimulator.authorization, "session-5ec4e7"]
            for line in api.process.log.lines + worker.process.log.lines {
                for secret in secrets { #expect(!line.contains(secret), "\(line)") }
            }
        }
    }

    @Test func `a node with a wrong key is not ready, says why, and takes no recording`() async throws {
        try await Self.with { deployment, store, prefix, settings, _ in
            let wrong = settings.merging(["AWS_SECRET_ACCESS_KEY": "5ec4e7"]) { $1 }
            let api = try await deployment.start("api", wrong)
            let customer = try await deployment.customer(at: api)
            let ready = try await customer.get("/readyz")
            #expect(ready.status == 503)
            #expect(try (ready.json["checks"] as? [String: String])?["storage"] == "not ready")
            _ = try await api.process.log.line(with: "not ready", "AWS_SECRET_ACCESS_KEY does not belong")
            let refused = try await customer.post(file: Recordings.clip("0880"))
            #expect(refused.status == 500)
            #expect(!refused.text.contains("AWS"))
            #expect(try await store.keys(prefix + "/") == [])
            #expect(try Self.recordings(in: deployment.scratch) == [])
            #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").isEmpty)
            #expect(!api.process.log.lines.contains { $0.contains("5ec4e7") })
        }
    }

    @Test func `while the store is away a recording is answered 503, and a job that is queued waits`() async throws {
        try await Self.with { deployment, store, prefix, settings, other in
            let api = try await deployment.start("api", settings)
            let customer = try await deployment.customer(at: api)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            let away = settings.merging(
                ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "VERBATIM_SCRATCH": other.path]) { $1 }
            let lost = try await deployment.start("serve", away)
            _ = try await lost.process.log.line(with: "task postponed", job)
            let refused = try await deployment.customer(at: lost).post(file: Recordings.clip("0930"))
            #expect(try refused.problem(503)["error"] as? String == "transient_error")
            #expect(refused.headers["Retry-After"] != nil)
            lost.process.signal(SIGKILL)
            #expect(try await lost.process.ended() == -SIGKILL)

            try await deployment.letLeasesEnd()
            let worker = try await deployment.start("worker", settings)
            #expect(
                WordErrorRate.normalized(try await customer.words(of: job)) == (try Recordings.reference(["0880"])))
            try await eventually("nothing is left") { try await store.keys(prefix + "/").isEmpty }
            worker.process.kill()
        }
    }

    @Test func `a recording of 300 MB goes to the bucket and into the decoder in flat memory`() async throws {
        try await Self.with { deployment, store, prefix, settings, other in
            let api = try await deployment.start("api", settings)
            let customer = try await deployment.customer(at: api)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let path = media.path + "/large.wav"
            var head = try Data(contentsOf: URL(fileURLWithPath: Recordings.clip("0880")))
            // The size fields claim "until the end", as a recorder writes them that never came back to fill them in.
            head.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
            let data = try #require(head.range(of: Data("data".utf8)))
            head.replaceSubrange(data.upperBound..<(data.upperBound + 4), with: [0xff, 0xff, 0xff, 0xff])
            try head.write(to: URL(fileURLWithPath: path))
            #expect(truncate(path, 300_000_000) == 0)
            let job = try await customer.submit(file: path, fields: ["diarize": "false", "language": "en"])
            let received = try api.process.peakMemory()
            #expect(received < 100_000_000)
            #expect(try await store.keys(prefix + "/").count == 1)
            let worker = try await deployment.start("worker", settings.merging(["VERBATIM_SCRATCH": other.path]) { $1 })
            #expect(try await customer.words(of: job).contains("young man"))
            let worked = try worker.process.peakMemory()
            #expect(worked < 150_000_000)
            #expect(try Self.recordings(in: other) == [])
        }
    }
}

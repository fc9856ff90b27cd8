import Egress
import Foundation
import Logging
import MediaSimulator
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// No byte of audio outlives its time, whoever is killed when: these walk the storage and the scratch folder.
@Suite struct PrivacyTests {
    /// What lies in the storage and on the nodes' own disk, but for what is empty.
    private static func audio(_ deployment: Deployment) throws -> [String] {
        try [deployment.storage, deployment.scratch].flatMap { folder in
            try folder.files.filter { file in
                var status = stat()
                return stat(folder.path + "/" + file, &status) == 0 && status.st_size > 0
            }
        }
    }

    /// A recording of ten minutes whose chunks are many, from outside of the folders that are walked.
    private static func long(_ media: TemporaryFolder) async throws -> String {
        try await Recordings.speech(Array(repeating: "0880", count: 30), into: media, named: "long.flac")
    }

    /// Ten minutes that take long to decode and nothing to recognize.
    private static func noise(_ media: TemporaryFolder) async throws -> String {
        try await Recordings.ffmpeg(
            ["-f", "lavfi", "-i", "anoisesrc=d=600:c=pink:a=0.05:r=16000"], into: media, named: "noise.flac")
    }

    /// Has a worker killed as soon as it works on that step of the job.
    private static func kill(_ worker: Node, at stage: TaskKind, of job: String) async throws {
        _ = try await worker.process.log.line(with: "task started", stage.rawValue, job)
        worker.process.signal(SIGKILL)
        #expect(try await worker.process.ended() == -SIGKILL)
    }

    private static func sourceDeleted(_ job: String, _ deployment: Deployment) async throws -> Bool {
        try await deployment.tenants.owner.query("SELECT source_deleted_at IS NOT NULL FROM jobs WHERE id = \(job)")[0]
            .decode(Bool.self)
    }

    @Test(arguments: [TaskKind.prepare, .recognize, .diarize, .assemble, .clean])
    func `a worker that is killed at any step leaves no audio once the job is done`(stage: TaskKind) async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let first = try await deployment.start("worker", ["VERBATIM_WORKER_SLOTS": "1"])
            let file = stage == .prepare ? try await Self.noise(media) : Recordings.clip("0880")
            let job = try await customer.submit(file: file, fields: ["language": "en"])
            try await Self.kill(first, at: stage, of: job)
            if stage != .clean { #expect(try Self.audio(deployment) != []) }
            try await deployment.letLeasesEnd()
            let second = try await deployment.start("worker")
            #expect(try await customer.finished(job)["status"] as? String == "completed")
            try await eventually("the audio is gone") {
                try await Self.sourceDeleted(job, deployment) && Self.audio(deployment) == []
            }
            second.process.signal(SIGTERM)
            #expect(try await second.process.ended() == 0)
            #expect(try Self.audio(deployment) == [])
        }
    }

    @Test func `a worker that is killed while it fetches leaves no audio, whether the job is done or cancelled`()
        async throws
    {
        for isCancelled in [false, true] {
            try await Deployment.with { deployment in
                let speech = Array(try Data(contentsOf: URL(fileURLWithPath: Recordings.clip("0880"))))
                let site = try MediaSimulator([
                    "/call.wav": .init(type: "audio/wav", body: speech, tag: "\"1\"", stalls: [speech.count / 2])
                ])
                let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.1/32"]
                let api = try await deployment.start("api", allowed)
                let customer = try await deployment.customer(at: api)
                let first = try await deployment.start("worker", allowed)
                let answer = try await customer.send(
                    "POST", "/jobs", json: #"{"source_url":"\#(site.url)/call.wav","diarize":false,"language":"en"}"#)
                let job = try #require(try answer.json["job_id"] as? String)
                try await eventually("half of it is there") { try Self.audio(deployment) != [] }
                first.process.signal(SIGKILL)
                #expect(try await first.process.ended() == -SIGKILL)
                #expect(try Self.audio(deployment) != [])
                if isCancelled { #expect(try await customer.send("POST", "/jobs/\(job)/cancel").status == 202) }
                try await deployment.letLeasesEnd()
                let second = try await deployment.start("worker", allowed)
                #expect(
                    try await customer.finished(job)["status"] as? String == (isCancelled ? "cancelled" : "completed"))
                try await eventually("the audio is gone") {
                    try await Self.sourceDeleted(job, deployment) && Self.audio(deployment) == []
                }
                second.process.signal(SIGTERM)
                #expect(try await second.process.ended() == 0)
                #expect(try Self.audio(deployment) == [])
            }
        }
    }

    /// A job whose workers are all killed, so that it is given up, with such a retention.
    private static func failed(
        keeping retention: String, _ body: (Deployment, Node, String) async throws -> Void
    ) async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let first = try await deployment.start("worker", ["VERBATIM_WORKER_SLOTS": "1"])
            let job = try await customer.submit(file: try await Self.long(media), fields: ["language": "en"])
            try await Self.kill(first, at: .recognize, of: job)
            let chunks = try deployment.storage.files.filter { $0.hasSuffix(".wav") }
            #expect(!chunks.isEmpty)
            // As if it had taken eight of them down.
            let given = try await deployment.tenants.owner.execute(
                "UPDATE tasks SET attempt = 8, lease_until = now() WHERE job_id = \(job) AND status = 'running'")
            #expect(given == 1)
            let second = try await deployment.start("worker", ["VERBATIM_SOURCE_RETENTION": retention])
            #expect(try await customer.finished(job)["status"] as? String == "failed")
            try await body(deployment, second, job)
        }
    }

    @Test func `of a job that failed nothing stays where nothing is to be kept`() async throws {
        try await Self.failed(keeping: "0") { deployment, _, job in
            try await eventually("the audio is gone") {
                try await Self.sourceDeleted(job, deployment) && Self.audio(deployment) == []
            }
        }
    }

    @Test func `of a job that failed only the source stays, and not past its time`() async throws {
        try await Self.failed(keeping: "1h") { deployment, _, job in
            try await eventually("the pieces are gone") {
                try Self.audio(deployment).map { $0.hasSuffix("/\(job)/source") } == [true]
            }
            #expect(try await Self.sourceDeleted(job, deployment) == false)
            try await eventually("the clean-up rests") {
                try await deployment.tenants.owner.query(
                    """
                    SELECT FROM tasks WHERE job_id = \(job) AND kind = 'clean' AND status = 'ready'
                        AND run_after > now() + interval '50 minutes'
                    """
                ).count == 1
            }
            try await deployment.tenants.owner.execute(
                "UPDATE jobs SET source_kept_until = now() - interval '1 second' WHERE id = \(job)")
            try await deployment.tenants.owner.execute(
                "UPDATE tasks SET run_after = now() WHERE job_id = \(job) AND kind = 'clean'")
            try await eventually("the source is gone") {
                try await Self.sourceDeleted(job, deployment) && Self.audio(deployment) == []
            }
        }
    }

    @Test func `what an API had received when it was killed is gone when a node starts there again`() async throws {
        for next in ["api", "worker"] {
            try await Deployment.with { deployment in
                let media = try TemporaryFolder()
                defer { media.remove() }
                let api = try await deployment.start("api")
                let customer = try await deployment.customer(at: api)
                let file = try await Recordings.ffmpeg(
                    ["-f", "lavfi", "-i", "sine=d=120:r=48000"], into: media, named: "sine.wav")
                async let upload = Command.run(
                    "curl",
                    [
                        "-s", "--limit-rate", "1M", "-H", "Authorization: Bearer \(customer.token)", "-F",
                        "file=@\(file)", api.url + "/jobs",
                    ])
                try await eventually("some of the file is there") { try Self.audio(deployment) != [] }
                api.process.signal(SIGKILL)
                #expect(try await api.process.ended() == -SIGKILL)
                #expect(try await upload.status != 0)
                #expect(try Self.audio(deployment) != [])
                let again = try await deployment.start(next)
                try await eventually("the file is gone") { try Self.audio(deployment) == [] }
                #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").isEmpty)
                again.process.kill()
            }
        }
    }

    @Test func `what was stored and never queued is swept, and nothing that may yet be`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let queued = try await customer.submit(file: Recordings.clip("0880"))
            let (owner, example) = (deployment.tenants.owner, deployment.tenants.example)
            // Holds the month, so that the next recording is stored and cannot be queued.
            try await owner.whileOpen({
                try $0.execute("SELECT FROM usage_months WHERE tenant_id = \(example) FOR UPDATE")
            }) {
                async let upload = Command.run(
                    "curl",
                    [
                        "-s", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(Recordings.clip("0930"))",
                        api.url + "/jobs",
                    ])
                try await eventually("it is stored") { try deployment.storage.files.count == 2 }
                api.process.signal(SIGKILL)
                #expect(try await api.process.ended() == -SIGKILL)
                #expect(try await upload.status != 0)
            }
            #expect(try await owner.query("SELECT FROM jobs").count == 1)

            let storage = try FileStorage(root: deployment.storage.path)
            func sweep(after time: Duration) async throws -> Int {
                try await OrphanSweep(
                    databases: deployment.tenants.databases, storage: storage, logger: Logger(label: "test"),
                    clock: { .now() + time }
                ).sweep()
            }
            #expect(try await sweep(after: .zero) == 0)
            #expect(try Self.audio(deployment).count == 2)
            let swept = try await sweep(after: OrphanSweep.grace + .seconds(10))
            #expect(swept == 1)
            let left = try Self.audio(deployment)
            #expect(left == ["tenants/\(example)/jobs/\(queued)/source"])
        }
    }
}

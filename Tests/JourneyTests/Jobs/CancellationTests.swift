import AssemblyAISimulator
import Foundation
import MediaSimulator
import Pipeline
import Postgres
import TestSupport
import Testing

/// `POST /jobs/{id}/cancel` in every state that a job can be in: it is over within two seconds, and so is the work.
@Suite struct CancellationTests {
    /// The contract's.
    private static let promise = 2.0

    /// Waits until a worker says that it works on that step of the job; cancels; and sees the worker stop in time, in the middle of it.
    ///
    /// - Returns: false if there was nothing to stop, because the engine had just sent the task away for lack of room.
    private static func cancel(_ job: String, during stage: TaskKind, at worker: Node, by customer: Customer)
        async throws -> Bool
    {
        _ = try await worker.process.log.line(with: "task started", "\"task\":\"\(stage.rawValue)\"", job)
        #expect(try await customer.get("/jobs/\(job)").json["status"] as? String == "processing")
        let answer = try await customer.send("POST", "/jobs/\(job)/cancel")
        #expect(answer.status == 202)
        #expect(try answer.json["status"] as? String == "cancelled")
        let ends = ["task released", "task lost", "task cancelled", "task postponed", "task done"]
        var ended: [String] = []
        try await eventually("the work on \(stage) stops", within: promise) {
            let lines = worker.process.log.lines.filter {
                $0.contains(job) && $0.contains("\"task\":\"\(stage.rawValue)\"")
            }
            ended = lines.filter { line in ends.contains { line.contains($0) } }
            return ended.count == lines.count { $0.contains("task started") }
        }
        #expect(!ended.contains { $0.contains("task done") }, "it had ended by itself")
        return ended.last?.contains("task postponed") == false
    }

    /// Nothing is billed, nothing stays, and the customer is told so.
    private static func seeNothingLeft(of job: String, _ deployment: Deployment, _ customer: Customer) async throws {
        let owner = deployment.tenants.owner
        try await eventually("the audio is gone, and no work is left") {
            let isReported = try await customer.get("/jobs/\(job)").json["source_deleted_at"] is String
            let work = try await owner.query("SELECT FROM tasks WHERE status IN ('ready', 'running')")
            return try isReported && work.isEmpty && deployment.storage.files.isEmpty
        }
        #expect(try await customer.get("/jobs/\(job)").json["status"] as? String == "cancelled")
        #expect(try await owner.query("SELECT FROM usage").isEmpty)
        #expect(try await owner.query("SELECT FROM reservations").isEmpty)
    }

    @Test func `while it is queued it never starts`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            #expect(try await customer.send("POST", "/jobs/\(job)/cancel").status == 202)
            let worker = try await deployment.start("worker")
            try await Self.seeNothingLeft(of: job, deployment, customer)
            #expect(!worker.process.log.lines.contains { $0.contains("prepare") })
        }
    }

    @Test func `while it is fetched the connection ends`() async throws {
        try await Deployment.with { deployment in
            let (connections, ended) = AsyncStream<Void>.makeStream()
            let source = try LoopbackListener { socket in
                _ = try? socket.receiveHead()
                try? socket.send("HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 5000000\r\n\r\n")
                try? socket.send([UInt8](repeating: 1, count: 100_000))
                _ = socket.receiveAll()
                ended.yield()
            }
            let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.1/32"]
            let api = try await deployment.start("api", allowed)
            let customer = try await deployment.customer(at: api)
            let worker = try await deployment.start("worker", allowed)
            let answer = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"http://127.0.0.1:\#(source.port)/call.wav"}"#)
            let job = try #require(try answer.json["job_id"] as? String)
            try await eventually("some of it has come") { try !deployment.storage.files.isEmpty }
            #expect(try await Self.cancel(job, during: .fetch, at: worker, by: customer))
            for await _ in connections { break }
            try await Self.seeNothingLeft(of: job, deployment, customer)
        }
    }

    @Test(arguments: [TaskKind.prepare, .recognize, .diarize])
    func `while it is decoded, in Whisper, or its speakers are told apart`(stage: TaskKind) async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let long = try await Recordings.speech(
                Array(repeating: "0880", count: stage == .prepare ? 200 : 40), into: media, named: "long.flac",
                gain: stage == .diarize ? 0.7 : 0.8)
            // One step at a time, so that the step that is waited for is the one that runs.
            let worker = try await deployment.start("worker", ["VERBATIM_WORKER_SLOTS": stage == .diarize ? "2" : "1"])
            // All tests share the model server. If they leave no room for this job, the next one tries.
            var isStopped = false
            while !isStopped {
                let job = try await customer.submit(file: long)
                isStopped = try await Self.cancel(job, during: stage, at: worker, by: customer)
                try await eventually("no child decodes any more") { try worker.process.children().isEmpty }
                try await Self.seeNothingLeft(of: job, deployment, customer)
            }
        }
    }

    @Test(arguments: [SimulatorRoute.upload, .poll])
    func `while AssemblyAI has it, and nothing of it stays there`(during call: SimulatorRoute) async throws {
        try await AssemblyAISimulator.with { simulator in
            try await Deployment.with { deployment in
                let engine = [
                    "VERBATIM_ENGINE": "assemblyai,whisper", "VERBATIM_ASSEMBLYAI_URL": simulator.url,
                    "VERBATIM_ASSEMBLYAI_API_KEY": SimulatorSettings().apiKey,
                ]
                if call == .upload {
                    simulator.fail(.upload, .hang)
                } else {
                    simulator.configure { $0.unfinishedPolls = .max }
                }
                let api = try await deployment.start("api")
                let customer = try await deployment.customer(at: api)
                let worker = try await deployment.start("worker", engine)
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["diarize": "false", "language": "en"])
                try await eventually("AssemblyAI is called") { (simulator.calls[call] ?? 0) >= 1 }
                if call == .upload {
                    #expect(try await Self.cancel(job, during: .recognize, at: worker, by: customer))
                } else {
                    // Between two polls nobody works on it.
                    #expect(try await customer.send("POST", "/jobs/\(job)/cancel").status == 202)
                }
                try await Self.seeNothingLeft(of: job, deployment, customer)
                try await eventually("nothing is left there") {
                    simulator.transcripts.allSatisfy(\.isDeleted) && simulator.uploads == 0
                }
                #expect(simulator.transcripts.count == (call == .upload ? 0 : 1))
            }
        }
    }
}

import AssemblyAISimulator
import Foundation
import Postgres
import TestSupport
import Testing

/// Jobs that AssemblyAI recognizes, also when a worker is killed or a job cancelled meanwhile.
@Suite struct AssemblyAITests {
    private static func words(_ transcript: [String: Any]) throws -> [[String: Any]] {
        try #require(transcript["segments"] as? [[String: Any]]).flatMap { $0["words"] as? [[String: Any]] ?? [] }
    }

    @Test func `a job comes back with AssemblyAI's words and names, and nothing of it stays there`() async throws {
        try await AssemblyAIScene.run { scene in
            let job = try await scene.submit()
            let transcript = try await scene.transcript(of: job)
            #expect(transcript["engine"] as? String == "assemblyai_universal_3")
            #expect(transcript["model"] as? String == "universal-3-5-pro")
            #expect(transcript["fallback"] == nil)
            #expect(try await scene.customer.get("/jobs/\(job)").json["engine"] as? String == "assemblyai_universal_3")
            let times = try Self.words(transcript).map { $0["start"] as? Double ?? -1 }
            #expect(!times.isEmpty && times == times.sorted() && times.allSatisfy { (0...2.99).contains($0) })
            try await eventually("the copy is deleted there") { scene.simulator.transcripts.allSatisfy(\.isDeleted) }
            #expect(scene.simulator.uploads == 0)
            #expect(scene.simulator.calls[.submit] == 1)
            #expect(scene.simulator.calls[.upload] == 1)
        }
    }

    @Test func `a worker that is killed while AssemblyAI works hands nothing in twice`() async throws {
        try await AssemblyAISimulator.with { simulator in
            simulator.configure { $0.unfinishedPolls = .max }
            try await Deployment.with { deployment in
                let api = try await deployment.start("api")
                let customer = try await deployment.customer(at: api)
                let first = try await deployment.start("worker", AssemblyAIScene.environment(simulator))
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["diarize": "false", "language": "en"])
                try await eventually("it is asked for") { (simulator.calls[.poll] ?? 0) >= 1 }
                first.process.signal(SIGKILL)
                #expect(try await first.process.ended() == -SIGKILL)
                simulator.configure { $0.unfinishedPolls = 0 }
                try await deployment.letLeasesEnd()
                let second = try await deployment.start("worker", AssemblyAIScene.environment(simulator))
                #expect(try await customer.finished(job)["engine"] as? String == "assemblyai_universal_3")
                #expect(simulator.calls[.submit] == 1)
                #expect(second.process.pid != first.process.pid)
            }
        }
    }

    @Test func `a job that is cancelled while it is handed in leaves no copy there`() async throws {
        try await AssemblyAIScene.run { scene in
            // The answer to the submission takes seconds.
            scene.simulator.fail(.submit, .trickle(milliseconds: 8))
            let job = try await scene.submit()
            try await eventually("it is being handed in") { scene.simulator.calls[.submit] == 1 }
            #expect(try await scene.customer.send("POST", "/jobs/\(job)/cancel").status == 202)
            try await eventually("it is cancelled", within: 2) {
                try await scene.customer.get("/jobs/\(job)").json["status"] as? String == "cancelled"
            }
            try await eventually("the copy is deleted there") {
                !scene.simulator.transcripts.isEmpty && scene.simulator.transcripts.allSatisfy(\.isDeleted)
            }
            try await eventually("no ticket is left") {
                try await scene.deployment.tenants.owner.query("SELECT 1 FROM engine_tickets").isEmpty
            }
            #expect(scene.simulator.calls[.submit] == 1)
            #expect(scene.simulator.uploads == 0)
        }
    }

    @Test func `a job that is cancelled while its audio is uploaded is not handed in`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.fail(.upload, .trickle(milliseconds: 50))
            let job = try await scene.submit()
            try await eventually("it is being uploaded") { scene.simulator.calls[.upload] == 1 }
            #expect(try await scene.customer.send("POST", "/jobs/\(job)/cancel").status == 202)
            try await eventually("its audio is removed") {
                try await scene.customer.get("/jobs/\(job)").json["source_deleted_at"] is String
            }
            // Until the worker is gone nothing was handed in, and afterward nothing can be.
            scene.node.process.signal(SIGTERM)
            #expect(try await scene.node.process.ended() == 0)
            #expect(scene.simulator.calls[.submit] == nil)
        }
    }

    @Test func `a worker that is stopped while it hands in keeps the ticket, and the next one hands nothing in`()
        async throws
    {
        try await AssemblyAISimulator.with { simulator in
            simulator.fail(.submit, .trickle(milliseconds: 8), times: 1)
            try await Deployment.with { deployment in
                let api = try await deployment.start("api")
                let customer = try await deployment.customer(at: api)
                let first = try await deployment.start("worker", AssemblyAIScene.environment(simulator))
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["diarize": "false", "language": "en"])
                try await eventually("it is being handed in") { simulator.calls[.submit] == 1 }
                first.process.signal(SIGTERM)
                #expect(try await first.process.ended() == 0)
                let second = try await deployment.start("worker", AssemblyAIScene.environment(simulator))
                #expect(try await customer.finished(job)["engine"] as? String == "assemblyai_universal_3")
                try await eventually("the copy is deleted there") { simulator.transcripts.allSatisfy(\.isDeleted) }
                #expect(simulator.calls[.submit] == 1)
                #expect(simulator.calls[.upload] == 1)
                #expect(second.process.pid != first.process.pid)
            }
        }
    }

    @Test func `settings that name no recognizer, or one without its key, are refused at the start`() async throws {
        try await Deployment.with { deployment in
            let faults = [
                (["VERBATIM_ENGINE": "siri"], "VERBATIM_ENGINE"),
                (["VERBATIM_ENGINE": "assemblyai,whisper"], "VERBATIM_ASSEMBLYAI_API_KEY"),
                (["VERBATIM_WHISPER_URL": "gpu:8000"], "VERBATIM_WHISPER_URL"),
            ]
            for (changes, name) in faults {
                let process = try await RunningProcess(
                    Checkout.executable("verbatim"), ["serve"],
                    environment: deployment.environment.merging(changes) { $1 })
                #expect(try await process.ended() != 0)
                _ = try await process.log.line(with: name)
            }
        }
    }
}

import AssemblyAISimulator
import Foundation
import Postgres
import TestSupport
import Testing

/// Jobs that AssemblyAI recognizes, and what becomes of them when it does not.
@Suite struct AssemblyAITests {
    private struct Scene {
        let deployment: Deployment
        let simulator: AssemblyAISimulator
        let node: Node
        let customer: Customer

        func submit(_ file: String = Recordings.clip("0880"), _ fields: [String: String] = [:]) async throws -> String {
            try await customer.submit(
                file: file, fields: ["diarize": "false", "language": "en"].merging(fields) { $1 })
        }

        /// Waits until the nodes have counted so many refusals.
        func counted(_ count: Double) async throws {
            let anyone = Customer(node: node, http: deployment.http, token: "")
            try await eventually("\(count) refusals are counted", within: 60) {
                try await Scrape(anyone.get("/metrics"))
                    .samples[#"verbatim_engine_refusals_total{engine="assemblyai_universal_3"}"#] == count
            }
        }

        /// What `doctor` finds with these models in its settings: `state check message`, a line each.
        func doctor(models: String) async throws -> String {
            struct Report: Decodable {
                struct Check: Decodable { let state, check, message: String }
                let checks: [Check]
            }
            let result = try await Command.run(
                Checkout.executable("verbatim-admin"), ["doctor", "--json"],
                environment: deployment.environment.merging(AssemblyAITests.environment(simulator)) { $1 }
                    .merging(["VERBATIM_ASSEMBLYAI_MODELS": models]) { $1 })
            return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).checks
                .map { "\($0.state) \($0.check) \($0.message)" }.joined(separator: "\n")
        }

        func transcript(of job: String) async throws -> [String: Any] {
            _ = try await customer.words(of: job)
            return try await customer.get("/jobs/\(job)/transcript").json
        }
    }

    fileprivate static func environment(_ simulator: AssemblyAISimulator) -> [String: String] {
        [
            "VERBATIM_ENGINE": "assemblyai,whisper", "VERBATIM_ASSEMBLYAI_URL": simulator.url,
            "VERBATIM_ASSEMBLYAI_API_KEY": SimulatorSettings().apiKey,
        ]
    }

    private static func run(
        _ changes: [String: String] = [:], _ body: (Scene) async throws -> Void
    ) async throws {
        try await AssemblyAISimulator.with { simulator in
            try await Deployment.with { deployment in
                let node = try await deployment.start("serve", environment(simulator).merging(changes) { $1 })
                let customer = try await deployment.customer(at: node)
                try await body(Scene(deployment: deployment, simulator: simulator, node: node, customer: customer))
            }
        }
    }

    private static func words(_ transcript: [String: Any]) throws -> [[String: Any]] {
        try #require(transcript["segments"] as? [[String: Any]]).flatMap { $0["words"] as? [[String: Any]] ?? [] }
    }

    @Test func `a job comes back with AssemblyAI's words and names, and nothing of it stays there`() async throws {
        try await Self.run { scene in
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
                let first = try await deployment.start("worker", Self.environment(simulator))
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["diarize": "false", "language": "en"])
                try await eventually("it is asked for") { (simulator.calls[.poll] ?? 0) >= 1 }
                first.process.signal(SIGKILL)
                #expect(try await first.process.ended() == -SIGKILL)
                simulator.configure { $0.unfinishedPolls = 0 }
                let second = try await deployment.start("worker", Self.environment(simulator))
                #expect(try await customer.finished(job)["engine"] as? String == "assemblyai_universal_3")
                #expect(simulator.calls[.submit] == 1)
                #expect(second.process.pid != first.process.pid)
            }
        }
    }

    @Test func `a job that is cancelled while it is handed in leaves no copy there`() async throws {
        try await Self.run { scene in
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
        try await Self.run { scene in
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
                let first = try await deployment.start("worker", Self.environment(simulator))
                let job = try await customer.submit(
                    file: Recordings.clip("0880"), fields: ["diarize": "false", "language": "en"])
                try await eventually("it is being handed in") { simulator.calls[.submit] == 1 }
                first.process.signal(SIGTERM)
                #expect(try await first.process.ended() == 0)
                let second = try await deployment.start("worker", Self.environment(simulator))
                #expect(try await customer.finished(job)["engine"] as? String == "assemblyai_universal_3")
                try await eventually("the copy is deleted there") { simulator.transcripts.allSatisfy(\.isDeleted) }
                #expect(simulator.calls[.submit] == 1)
                #expect(simulator.calls[.upload] == 1)
                #expect(second.process.pid != first.process.pid)
            }
        }
    }

    @Test func `when AssemblyAI is down, Whisper recognizes, and the transcript says so`() async throws {
        try await Self.run { scene in
            scene.simulator.fail(.upload, .answer(status: 503, body: "<html>busy</html>"))
            let job = try await scene.submit()
            let transcript = try await scene.transcript(of: job)
            #expect(transcript["engine"] as? String == "whisper_base")
            #expect(transcript["model"] as? String == "whisper_base")
            let fallback = try #require(transcript["fallback"] as? [String: Any])
            #expect(fallback["from"] as? String == "assemblyai_universal_3")
            #expect(fallback["reason"] as? String == "server_error")
            #expect(fallback["chunks"] as? Int == 1)
            let text = try #require(transcript["segments"] as? [[String: Any]]).map { $0["text"] as? String ?? "" }
            #expect(WordErrorRate.normalized(text.joined(separator: " ")) == (try Recordings.reference(["0880"])))
            #expect((scene.simulator.calls[.upload] ?? 0) == 3)
            #expect(scene.simulator.calls[.submit] == nil)
        }
    }

    @Test func `when some pieces fall back, each segment names its engine`() async throws {
        try await Self.run { scene in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let clips = Array(repeating: Recordings.allClips, count: 7).flatMap { $0 }
            let file = try await Recordings.speech(clips, into: media, named: "long.flac")
            scene.simulator.failRecordings("Internal error.", count: 1)
            let transcript = try await scene.transcript(of: try await scene.submit(file))
            let engines = try #require(transcript["segments"] as? [[String: Any]]).map { $0["engine"] as? String }
            #expect(Set(engines) == ["assemblyai_universal_3", "whisper_base"])
            #expect(transcript["engine"] as? String == "whisper_base")
            #expect((transcript["fallback"] as? [String: Any])?["chunks"] as? Int == 1)
            try await eventually("every copy is deleted there") { scene.simulator.transcripts.allSatisfy(\.isDeleted) }
        }
    }

    @Test func `a piece that AssemblyAI gives up three times is Whisper's, and no copy stays there`() async throws {
        try await Self.run { scene in
            scene.simulator.failTranscripts("Internal error.")
            let transcript = try await scene.transcript(of: try await scene.submit())
            #expect(transcript["engine"] as? String == "whisper_base")
            #expect((transcript["fallback"] as? [String: Any])?["reason"] as? String == "transcription_failed")
            #expect(scene.simulator.calls[.submit] == 3)
            try await eventually("every copy is deleted there") { scene.simulator.transcripts.allSatisfy(\.isDeleted) }
        }
    }

    @Test(arguments: ["balance", "402"])
    func `an empty account fails the job with quota_exceeded, and nobody else recognizes it`(kind: String) async throws
    {
        try await Self.run { scene in
            if kind == "402" {
                scene.simulator.fail(.submit, .answer(status: 402, body: "{}"))
            } else {
                scene.simulator.configure { $0.balanceIsEmpty = true }
            }
            let ended = try await scene.customer.finished(try await scene.submit())
            #expect(ended["status"] as? String == "failed")
            #expect((ended["error"] as? [String: Any])?["code"] as? String == "quota_exceeded")
            #expect(scene.simulator.calls[.submit] == 1)
            _ = try await scene.node.process.log.line(with: "\"level\":\"error\"", "out of quota")
        }
    }

    @Test func `a wrong key fails the job for now, and tells the operator`() async throws {
        try await AssemblyAISimulator.with { simulator in
            try await Deployment.with { deployment in
                let wrong = ["VERBATIM_ASSEMBLYAI_API_KEY": "not-the-key-4711"]
                let node = try await deployment.start("serve", Self.environment(simulator).merging(wrong) { $1 })
                let customer = try await deployment.customer(at: node)
                let job = try await customer.submit(file: Recordings.clip("0880"), fields: ["diarize": "false"])
                let ended = try await customer.finished(job)
                #expect((ended["error"] as? [String: Any])?["code"] as? String == "transient_error")
                _ = try await node.process.log.line(with: "\"level\":\"error\"", "check its key and settings")
                #expect(simulator.calls[.upload] == 1)
                #expect(!node.process.log.lines.joined().contains("4711"))
            }
        }
    }

    @Test
    func `a model name that is retired fails no job: the next one does the work, and log, metric and doctor say so`()
        async throws
    {
        try await Self.run(["VERBATIM_ASSEMBLYAI_MODELS": "universal-3-pro,universal-2"]) { scene in
            scene.simulator.configure { $0.retired = ["universal-3-pro"] }
            let transcript = try await scene.transcript(of: try await scene.submit())
            #expect(transcript["engine"] as? String == "assemblyai_universal_3")
            #expect(transcript["model"] as? String == "universal-2")
            #expect(transcript["fallback"] == nil)
            _ = try await scene.node.process.log.line(
                with: "\"level\":\"error\"", "the recognizer rejects a model", "universal-3-pro", "universal-3-5-pro")
            try await scene.counted(1)
            let red = try await scene.doctor(models: "universal-3-pro,universal-2")
            #expect(red.contains("fail assemblyai models universal-3-pro is refused"), "\(red)")
            let green = try await scene.doctor(models: "universal-3-5-pro,universal-2")
            #expect(green.contains("ok assemblyai "))
            #expect(!green.contains("assemblyai models"), "\(green)")
        }
    }

    @Test func `when every model name is retired, Whisper takes over, and log, metric and doctor say so`() async throws
    {
        try await Self.run { scene in
            scene.simulator.configure { $0.retired = ["universal-3-5-pro", "universal-2"] }
            let transcript = try await scene.transcript(of: try await scene.submit())
            #expect(transcript["engine"] as? String == "whisper_base")
            #expect((transcript["fallback"] as? [String: Any])?["reason"] as? String == "request_refused")
            #expect(scene.simulator.calls == [.upload: 1, .submit: 3])
            _ = try await scene.node.process.log.line(with: "\"level\":\"error\"", "the recognizer rejects a model")
            try await scene.counted(2)
            let red = try await scene.doctor(models: "universal-3-5-pro,universal-2")
            #expect(red.contains("fail assemblyai models universal-3-5-pro is refused"), "\(red)")
            #expect(red.contains("fail assemblyai models universal-2 is refused"), "\(red)")
            // Once they are taken again, nothing is red.
            scene.simulator.configure { $0.retired = [] }
            #expect(
                try await scene.transcript(of: try await scene.submit())["engine"] as? String
                    == "assemblyai_universal_3")
            try await eventually("nothing is red any more", within: 60) {
                try await !scene.doctor(models: "universal-3-5-pro,universal-2").contains("assemblyai models")
            }
        }
    }

    @Test func `without an engine behind it a job fails for now when every model name is retired`() async throws {
        try await Self.run(["VERBATIM_ENGINE": "assemblyai"]) { scene in
            scene.simulator.configure { $0.retired = ["universal-3-5-pro", "universal-2"] }
            let ended = try await scene.customer.finished(try await scene.submit())
            #expect((ended["error"] as? [String: Any])?["code"] as? String == "transient_error")
            _ = try await scene.node.process.log.line(with: "\"level\":\"error\"", "check its key and settings")
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

import AssemblyAISimulator
import Foundation
import TestSupport
import Testing

/// What becomes of a job that AssemblyAI does not recognize.
@Suite struct AssemblyAIFallbackTests {
    @Test func `when AssemblyAI is down, Whisper recognizes, and the transcript says so`() async throws {
        try await AssemblyAIScene.run { scene in
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
        try await AssemblyAIScene.run { scene in
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
        try await AssemblyAIScene.run { scene in
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
        try await AssemblyAIScene.run { scene in
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
                let node = try await deployment.start(
                    "serve", AssemblyAIScene.environment(simulator).merging(wrong) { $1 })
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
        try await AssemblyAIScene.run(["VERBATIM_ASSEMBLYAI_MODELS": "universal-3-pro,universal-2"]) { scene in
            scene.simulator.configure { $0.retired = ["universal-3-pro"] }
            let transcript = try await scene.transcript(of: try await scene.submit())
            #expect(transcript["engine"] as? String == "assemblyai_universal_3")
            #expect(transcript["model"] as? String == "universal-2")
            #expect(transcript["fallback"] == nil)
            _ = try await scene.node.process.log.line(
                with: "\"level\":\"error\"", "the recognizer rejects a model", "universal-3-pro", "universal-3-5-pro")
            try await scene.counted(1)
            let red = try await scene.doctor(models: "universal-3-pro,universal-2")
            #expect(red.contains("fail assemblyai models universal-3-pro is rejected"), "\(red)")
            let green = try await scene.doctor(models: "universal-3-5-pro,universal-2")
            #expect(green.contains("ok assemblyai "))
            #expect(!green.contains("assemblyai models"), "\(green)")
        }
    }

    @Test func `when every model name is retired, Whisper takes over, and log, metric and doctor say so`() async throws
    {
        try await AssemblyAIScene.run { scene in
            scene.simulator.configure { $0.retired = ["universal-3-5-pro", "universal-2"] }
            let transcript = try await scene.transcript(of: try await scene.submit())
            #expect(transcript["engine"] as? String == "whisper_base")
            #expect((transcript["fallback"] as? [String: Any])?["reason"] as? String == "request_refused")
            #expect(scene.simulator.calls == [.upload: 1, .submit: 3])
            _ = try await scene.node.process.log.line(with: "\"level\":\"error\"", "the recognizer rejects a model")
            try await scene.counted(2)
            let red = try await scene.doctor(models: "universal-3-5-pro,universal-2")
            #expect(red.contains("fail assemblyai models universal-3-5-pro is rejected"), "\(red)")
            #expect(red.contains("fail assemblyai models universal-2 is rejected"), "\(red)")
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
        try await AssemblyAIScene.run(["VERBATIM_ENGINE": "assemblyai"]) { scene in
            scene.simulator.configure { $0.retired = ["universal-3-5-pro", "universal-2"] }
            let ended = try await scene.customer.finished(try await scene.submit())
            #expect((ended["error"] as? [String: Any])?["code"] as? String == "transient_error")
            _ = try await scene.node.process.log.line(with: "\"level\":\"error\"", "check its key and settings")
        }
    }
}

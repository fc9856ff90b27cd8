import AssemblyAISimulator
import Egress
import Foundation
import Pipeline
import TestSupport
import Testing

/// That the simulator is like what it stands for: what the engine must not do is refused, and answers are whole.
@Suite struct AssemblyAISimulatorTests {
    private struct Caller {
        let simulator: AssemblyAISimulator
        let client: EgressClient

        func call(
            _ method: String, _ path: String, key: String? = "simulated-key", body: EgressBody = .none
        ) async throws -> (status: Int, json: [String: Any]) {
            let url = path.hasPrefix("http") ? path : simulator.url + path
            let response = try await client.send(
                EgressRequest(
                    method: method, url: url, headers: key.map { [(name: "Authorization", value: $0)] } ?? [],
                    body: body,
                    limits: EgressLimits(total: .seconds(300), connect: .seconds(60), responseBytes: 1 << 20),
                    trust: .operatorConfigured))
            let object = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
            return (response.status, object ?? [:])
        }

        /// Uploads three seconds, and hands them in with these fields.
        func submit(_ fields: String) async throws -> (status: Int, json: [String: Any]) {
            let upload = try await call("POST", "/v2/upload", body: .bytes(try await SpeechChunk.seconds(3).wav()))
            let url = try #require(upload.json["upload_url"] as? String)
            return try await call(
                "POST", "/v2/transcript", body: .bytes(Array(#"{"audio_url":"\#(url)",\#(fields)}"#.utf8)))
        }
    }

    private static func run(_ body: (Caller) async throws -> Void) async throws {
        try await AssemblyAISimulator.with { simulator in
            let client = EgressClient(logger: .quiet)
            do {
                try await body(Caller(simulator: simulator, client: client))
                await client.close()
            } catch {
                await client.close()
                throw error
            }
        }
    }

    @Test(arguments: [nil, "", "Bearer simulated-key", "simulated-ke"])
    func `a key that is not exactly the account's opens nothing`(key: String?) async throws {
        try await Self.run { caller in
            for (method, path) in [("GET", "/v2/transcript/x"), ("DELETE", "/v2/transcript/x")] {
                let answer = try await caller.call(method, path, key: key)
                #expect(answer.status == 401)
                #expect(answer.json["error"] as? String == "Authentication error, API token missing/invalid")
            }
        }
    }

    @Test func `submissions that the API rejects are rejected`() async throws {
        try await Self.run { caller in
            for fields in [
                #""speech_model":"universal""#, #""language_code":"en""#, #""speech_models":[]"#,
                #""speech_models":["universal-3-pro","universal-2"]"#,
                #""speech_models":["universal-2"],"language_code":"en","language_detection":true"#,
                #""speech_models":["universal-2"],"language_code":"yue""#,
                #""speech_models":["universal-3-5-pro"],"language_code":"pl""#,
            ] {
                let answer = try await caller.submit(fields)
                #expect(answer.status == 400, "\(fields)")
                #expect(answer.json["error"] is String)
            }
            #expect(caller.simulator.transcripts.isEmpty)
            let foreign = try await caller.call(
                "POST", "/v2/transcript",
                body: .bytes(Array(#"{"audio_url":"http://elsewhere/x","speech_models":["universal-2"]}"#.utf8)))
            #expect(foreign.status == 403)
        }
    }

    @Test func `a transcript shows every field at every status, and nobody else reads the upload`() async throws {
        try await Self.run { caller in
            caller.simulator.configure { $0.unfinishedPolls = 2 }
            let submitted = try await caller.submit(#""speech_models":["universal-2"],"language_code":"en""#)
            #expect(submitted.status == 200)
            let id = try #require(submitted.json["id"] as? String)
            var seen = [submitted.json]
            for _ in 0..<3 { seen.append(try await caller.call("GET", "/v2/transcript/\(id)").json) }
            #expect(seen.map { $0["status"] as? String } == ["queued", "queued", "processing", "completed"])
            for object in seen {
                #expect(Set(object.keys) == Set(submitted.json.keys))
                #expect(object["utterances"] is NSNull)
            }
            #expect(seen[2]["words"] is NSNull)
            #expect((seen[3]["words"] as? [[String: Any]])?.count == 6)
            #expect(seen[3]["speech_model_used"] as? String == "universal-2")
            #expect(seen[3]["language_code"] as? String == "en_us")
            #expect(seen[3]["audio_duration"] as? Int == 3)

            let audio = try #require(submitted.json["audio_url"] as? String)
            let read = try await caller.call("GET", audio)
            #expect(read.status == 404)
            let deleted = try await caller.call("DELETE", "/v2/transcript/\(id)")
            #expect(deleted.status == 200)
            let afterward = try await caller.call("GET", "/v2/transcript/\(id)")
            #expect(afterward.json["text"] is NSNull)
            #expect(afterward.json["words"] is NSNull)
            #expect(caller.simulator.uploads == 0)
            #expect(caller.simulator.calls == [.upload: 1, .submit: 1, .poll: 4, .delete: 1, .unknown: 1])
        }
    }

    @Test func `a recording that is to fail does so as often as it is handed in, and no other`() async throws {
        try await AssemblyAIScene.run { scene in
            scene.simulator.failRecordings("Internal error.", count: 1)
            let failure = try await scene.failure(.seconds(2))
            #expect(failure == .unavailable(.transcriptionFailed))
            _ = try await scene.finish(.seconds(3))
            #expect(scene.simulator.calls[.submit] == 4)
        }
    }
}

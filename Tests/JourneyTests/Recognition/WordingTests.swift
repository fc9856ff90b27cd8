import AssemblyAISimulator
import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Key terms, replacements and redaction: the same whichever engine recognizes.
@Suite struct WordingTests {
    private static let card = "four two four two four two four two four two four two four two four two"

    private static let fields = [
        "key_terms": #"["Dashwood","Norland Park"]"#, "redact": #"["card_number","email"]"#,
        "replacements": #"[{"from":["young man"],"to":"jane@example.com"},{"from":["my card"],"to":"the card"}]"#,
    ]

    @Test
    func `of a job that falls back half-way, nothing is readable that was to be masked, whichever engine heard it`()
        async throws
    {
        try await AssemblyAIScene.run { scene in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let clips = Array(repeating: Recordings.allClips, count: 7).flatMap { $0 }
            let file = try await Recordings.speech(clips, into: media, named: "long.flac")
            let words = "My card is \(Self.card) and yours.".split(separator: " ").map(String.init)
            scene.simulator.configure {
                $0.words = { audio in
                    words.enumerated().map { SimulatedWord($1, start: $0 * 500 + 50, end: $0 * 500 + 450) }
                        .filter { $0.end < audio.milliseconds }
                }
            }
            scene.simulator.failRecordings("Internal error.", count: 1)
            let job = try await scene.submit(file, Self.fields)
            let transcript = try await scene.transcript(of: job)
            let segments = try #require(transcript["segments"] as? [[String: Any]])
            func text(of engine: String) -> String {
                segments.filter { $0["engine"] as? String == engine }.map { $0["text"] as? String ?? "" }
                    .joined(separator: " ")
            }
            // One heard the card; the other heard the young man, whom a replacement made an address.
            let (first, second) = (text(of: "assemblyai_universal_3"), text(of: "whisper_base"))
            #expect(first.contains("the card is [CARD_NUMBER] and yours."), "\(first)")
            #expect(second.contains("[EMAIL]"), "\(second)")
            let counts = try #require(transcript["redacted"] as? [String: Int])
            #expect((counts["card_number"] ?? 0) >= 1 && (counts["email"] ?? 0) >= 1)
            #expect(
                scene.simulator.transcripts.allSatisfy {
                    $0.submission.keyterms_prompt == ["Dashwood", "Norland Park"]
                })

            for format in ["json", "txt", "srt", "vtt&words=true", "md", "ttml", "ass", "lrc", "csv"] {
                let shown = try await scene.customer.get("/jobs/\(job)/transcript?format=\(format)").text
                for secret in ["four two", "jane@", "jane\\@", "young man"] {
                    #expect(!shown.lowercased().contains(secret), "\(secret) in \(format)")
                }
            }
            // What an editor writes is masked, too.
            let corrected = try await scene.customer.send(
                "PATCH", "/jobs/\(job)/transcript",
                json: #"{"edits":[{"segment":0,"text":"Call it \#(Self.card), or ida@holler.example!"}]}"#,
                headers: [(name: "If-Match", value: "*")])
            #expect(corrected.status == 200 && corrected.text.contains("Call it [CARD_NUMBER], or [EMAIL]!"))

            try await eventually("the audio is deleted") {
                try await scene.customer.get("/jobs/\(job)").json["source_deleted_at"] is String
            }
            let tenants = scene.deployment.tenants
            #expect(try await MarkerSearch.places(of: "four two", in: tenants) == [])
            #expect(try await MarkerSearch.places(of: "holler.example", in: tenants) == [])
            // The customer's own wish, until the job is deleted.
            #expect(try await MarkerSearch.places(of: "jane@example.com", in: tenants) == ["word_options.options"])
            for folder in [scene.deployment.storage, scene.deployment.scratch] {
                for name in try folder.files {
                    let content = (try? Data(contentsOf: URL(filePath: folder.path + "/" + name))) ?? Data()
                    #expect(content.range(of: Data("four two".utf8)) == nil, "\(name)")
                }
            }
        }
    }

    @Test
    func `what was asked for is in the provenance record, and goes with the job; what is wrong is refused`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let refused = try await customer.post(
                file: Recordings.clip("0880"), fields: ["redact": #"["everything"]"#])
            #expect(try refused.problem(400)["field"] as? String == "redact[0]")
            let job = try await customer.submit(
                file: Recordings.clip("0880"),
                fields: [
                    "language": "en", "diarize": "false", "key_terms": #"["ill-disposed","Dashwood"]"#,
                    "replacements": #"[{"from":["young man"],"to":"gentleman"}]"#,
                ])
            let words = try await customer.words(of: job)
            #expect(words.contains("gentleman") && !words.contains("young man"), "\(words)")
            let stored = try await deployment.tenants.owner.query("SELECT options->'key_terms' FROM word_options")
            #expect(stored.count == 1)
            let settings = try await Self.settings(of: job, customer)
            #expect(settings["key_terms"] as? [String] == ["ill-disposed", "Dashwood"])
            #expect((settings["replacements"] as? [[String: Any]])?.first?["to"] as? String == "gentleman")
            #expect(try await customer.send("DELETE", "/jobs/\(job)").status == 204)
            #expect(try await MarkerSearch.places(of: "gentleman", in: deployment.tenants) == [])
        }
    }

    @Test func `of a recording in several languages each segment names its own`() async throws {
        try await Deployment.with { deployment in
            let media = try TemporaryFolder()
            defer { media.remove() }
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let file = try await Recordings.speech(Recordings.allClips, into: media, named: "all.flac")
            let job = try await customer.submit(
                file: file,
                fields: [
                    "language": "multi", "languages": #"["en","de"]"#, "diarize": "false", "redact": #"["email"]"#,
                ])
            _ = try await customer.words(of: job)
            let transcript = try await customer.get("/jobs/\(job)/transcript").json
            #expect(transcript["language"] as? String == "en" && transcript["language_confidence"] is NSNull)
            let segments = try #require(transcript["segments"] as? [[String: Any]])
            #expect(!segments.isEmpty && segments.allSatisfy { $0["language"] as? String == "en" })
            #expect(try await Self.settings(of: job, customer)["languages"] as? [String] == ["en", "de"])
        }
    }

    /// What the provenance record says of what was asked for.
    private static func settings(of job: String, _ customer: Customer) async throws -> [String: Any] {
        let payload = try await customer.get("/jobs/\(job)/provenance").text.split(separator: ".")[1]
        var text = payload.replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 > 0 { text += "=" }
        let data = try #require(Data(base64Encoded: String(text)))
        let claims = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(claims["settings"] as? [String: Any])
    }
}

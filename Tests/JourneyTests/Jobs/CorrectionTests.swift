import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Names of speakers and corrections of transcripts, as customers make and read them.
@Suite struct CorrectionTests {
    /// A customer with a completed job of two speakers and four segments.
    private static func withJob(
        _ body: (Deployment, Customer, _ job: String) async throws -> Void
    ) async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, mode: .test)
            let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let answer = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try answer.json["job_id"] as? String)
            let ended = try await customer.get("/jobs/\(job)?wait=60").json
            #expect(ended["status"] as? String == "completed")
            try await body(deployment, customer, job)
        }
    }

    private static func correct(
        _ customer: Customer, _ job: String, _ edits: String, version: String?
    ) async throws -> Answer {
        try await customer.send(
            "PATCH", "/jobs/\(job)/transcript", json: #"{"edits":\#(edits)}"#,
            headers: version.map { [(name: "If-Match", value: $0)] } ?? [])
    }

    @Test func `a correction makes a revision, which every format has, and the original stays`() async throws {
        try await Self.withJob { deployment, customer, job in
            let path = "/jobs/\(job)/transcript"
            let original = try await customer.get(path)
            let first = try #require(original.headers["ETag"])
            let edits =
                #"[{"segment":0,"text":"Good morning, this is the best line."},{"segment":2,"speaker":"speaker_1"}]"#
            let answer = try await Self.correct(customer, job, edits, version: first)
            #expect(answer.status == 200, "\(answer.text)")
            let corrected = try answer.json
            #expect(corrected["revision"] as? Int == 1)
            let segments = try #require(corrected["segments"] as? [[String: Any]])
            #expect(segments.map { $0["segment"] as? Int } == [0, 2])
            #expect(segments[1]["speaker"] as? String == "speaker_1")

            let latest = try await customer.get(path)
            #expect(latest.headers["ETag"] == answer.headers["ETag"] && latest.headers["ETag"] != first)
            let json = try latest.json
            #expect(json["revision"] as? Int == 1)
            let read = try #require(json["segments"] as? [[String: Any]])
            #expect(read[0]["text"] as? String == "Good morning, this is the best line.")
            let words = try #require(read[0]["words"] as? [[String: Any]])
            #expect(words.map { $0["confidence"] is NSNull } == [false, false, false, false, false, true, false])
            #expect(words[5]["start"] as? Double == 2.36 && words[5]["end"] as? Double == 2.8)
            for format in ["txt", "srt", "vtt"] {
                let text = try await customer.get("\(path)?format=\(format)").text
                #expect(text.contains("best") && !text.contains("test line"), "\(format)")
                let old = try await customer.get("\(path)?format=\(format)&revision=original").text
                #expect(old.contains("test") && !old.contains("best"), "\(format)")
            }
            let unchanged = try await customer.get("\(path)?revision=original")
            #expect(unchanged.text == original.text && unchanged.headers["ETag"] == first)
            #expect(
                try await customer.get(path, headers: [(name: "If-None-Match", value: first)]).status == 200)

            // Whoever read the old version overwrites nothing, and what changes nothing is no revision.
            let stale = try await Self.correct(customer, job, #"[{"segment":1,"text":"x"}]"#, version: first)
            #expect(try stale.problem(412)["error"] as? String == "precondition_failed")
            let version = try #require(latest.headers["ETag"])
            let same = try await Self.correct(customer, job, edits, version: version)
            #expect(same.status == 200 && same.headers["ETag"] == version)
            #expect(try same.json["revision"] as? Int == 1 && (same.json["segments"] as? [Any])?.isEmpty == true)
            // The tag of another format is as good.
            let subtitles = try #require(try await customer.get("\(path)?format=srt").headers["ETag"])
            let undone = try await Self.correct(
                customer, job,
                #"[{"segment":0,"text":"Good morning, this is the test line."},{"segment":2,"speaker":"speaker_0"}]"#,
                version: subtitles)
            #expect(try undone.json["revision"] as? Int == 2)
            let again = try #require(try await customer.get(path).json["segments"] as? [[String: Any]])
            #expect((again[0]["words"] as? [[String: Any]])?.allSatisfy { $0["confidence"] is Double } == true)

            let revisions = try await customer.get("/jobs/\(job)/revisions?limit=1").json
            let listed = try #require(revisions["revisions"] as? [[String: Any]])
            #expect(listed.count == 1 && listed[0]["revision"] as? Int == 1 && listed[0]["segments"] as? Int == 2)
            #expect(listed[0]["key_id"] is String && listed[0]["member_id"] is NSNull)
            let cursor = try #require(revisions["next_cursor"] as? String)
            let rest = try await customer.get("/jobs/\(job)/revisions?cursor=\(cursor)").json
            #expect((rest["revisions"] as? [[String: Any]])?.map { $0["revision"] as? Int } == [2])
            let audit = try await deployment.admin("audit", "--tenant", deployment.tenants.example.rawValue)
            #expect(audit.output.contains("transcript correct") && !audit.output.contains("best line"))

            // With the words, all of it goes.
            #expect(try await customer.send("DELETE", path).status == 204)
            for (method, path, body) in [
                ("GET", "/jobs/\(job)/revisions", nil), ("GET", "/jobs/\(job)/speakers", nil),
                ("PUT", "/jobs/\(job)/speakers", "{}"),
            ] as [(String, String, String?)] {
                let gone = try await customer.send(method, path, json: body).problem(410)
                #expect(gone["error"] as? String == "transcript_deleted", "\(path)")
            }
            let left = try await deployment.tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM transcript_revisions) + (SELECT count(*) FROM transcript_corrections)
                    + (SELECT count(*) FROM speaker_names)
                """)
            #expect(try left[0].decode(Int.self) == 0)
        }
    }

    @Test func `of many corrections of one version at once exactly one is made`() async throws {
        try await Self.withJob { deployment, customer, job in
            let second = Customer(
                node: try await deployment.start("api"), http: customer.http, token: customer.token)
            let version = try #require(try await customer.get("/jobs/\(job)/transcript").headers["ETag"])
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await Self.correct(
                            number.isMultiple(of: 2) ? customer : second, job,
                            #"[{"segment":0,"text":"Version \#(number)."}]"#, version: version
                        ).status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 1, 412: 19])
        }
    }

    @Test func `names are shown where they are asked for, and nowhere else`() async throws {
        try await Self.withJob { deployment, customer, job in
            let (path, speakers) = ("/jobs/\(job)/transcript", "/jobs/\(job)/speakers")
            #expect(try await customer.get(speakers).text == #"{"speaker_0":null,"speaker_1":null}"#)
            let before = try await customer.get("\(path)?speakers=names").headers["ETag"]
            let named = try await customer.send(
                "PUT", speakers, json: #"{"speaker_0":" Ada Lovelace ","speaker_1":"<b>&\"\u00e9\""}"#)
            #expect(named.text == #"{"speaker_0":"Ada Lovelace","speaker_1":"<b>&\"é\""}"#, "\(named.text)")
            for format in ["txt", "srt", "vtt"] {
                #expect(try await !customer.get("\(path)?format=\(format)").text.contains("Ada"))
                #expect(try await customer.get("\(path)?format=\(format)&speakers=names").text.contains("Ada"))
                #expect(
                    try await !customer.get("\(path)?format=\(format)&speakers=none").text.contains("speaker_0"))
            }
            #expect(try await customer.get("\(path)?format=srt&speakers=labels").text.contains("speaker_0: Good"))
            let json = try await customer.get("\(path)?speakers=names")
            #expect(
                (try json.json["speakers"] as? [[String: String]])?[0] == ["id": "speaker_0", "name": "Ada Lovelace"])
            #expect(json.headers["ETag"] != before)
            let removed = try await customer.send("PUT", speakers, json: #"{"speaker_1":null}"#)
            #expect(removed.text == #"{"speaker_0":"Ada Lovelace","speaker_1":null}"#)
            for (body, field) in [
                (#"{"speaker_2":"x"}"#, "speaker_2"), (#"{"speaker_0":""}"#, "speaker_0"),
                (#"{"speaker_0":"a\nb"}"#, "speaker_0"),
                (#"{"speaker_0":"\#(String(repeating: "x", count: 101))"}"#, "speaker_0"),
                (#"{"speaker_0":7}"#, "speaker_0"),
            ] {
                let problem = try await customer.send("PUT", speakers, json: body).problem(400)
                #expect(problem["field"] as? String == field, "\(body)")
            }
            let audit = try await deployment.admin("audit", "--tenant", deployment.tenants.example.rawValue)
            #expect(audit.output.contains("speakers name") && !audit.output.contains("Ada"))
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: customer.node)
            for (method, path, body) in [
                ("GET", speakers, nil), ("PUT", speakers, "{}"), ("GET", "/jobs/\(job)/revisions", nil),
                ("PATCH", path, #"{"edits":[{"segment":0,"text":"x"}]}"#),
            ] as [(String, String, String?)] {
                let answer = try await charlie.send(
                    method, path, json: body, headers: [(name: "If-Match", value: "*")])
                #expect(try answer.problem(404)["error"] as? String == "not_found", "\(method) \(path)")
            }
        }
    }

    @Test func `what is wrong with a correction is told, and nothing changes`() async throws {
        try await Self.withJob { _, customer, job in
            let missing = try await Self.correct(customer, job, #"[{"segment":0,"text":"x"}]"#, version: nil)
            #expect(try missing.problem(428)["error"] as? String == "precondition_required")
            for (edits, field) in [
                ("[]", "edits"), (#"[{"segment":0}]"#, "edits[0]"),
                (#"[{"segment":0,"text":"x"},{"segment":0,"text":"x","speaker":"speaker_0"}]"#, "edits[1]"),
                (#"[{"segment":4,"text":"x"}]"#, "edits[0].segment"),
                (#"[{"segment":-1,"text":"x"}]"#, "edits[0].segment"),
                (#"[{"segment":0.5,"text":"x"}]"#, "edits[0].segment"),
                (#"[{"segment":0,"speaker":"speaker_7"}]"#, "edits[0].speaker"),
                (#"[{"segment":0,"text":"\#(String(repeating: "x", count: 10_001))"}]"#, "edits[0].text"),
            ] {
                let answer = try await Self.correct(customer, job, edits, version: "*")
                #expect(try answer.problem(400)["field"] as? String == field, "\(edits)")
            }
            for version in ["\"\"", "x", "\"0\"", "W/\"x\""] {
                let answer = try await Self.correct(customer, job, #"[{"segment":0,"text":"x"}]"#, version: version)
                #expect(try answer.problem(412)["error"] as? String == "precondition_failed", "\(version)")
            }
            #expect(try await customer.get("/jobs/\(job)/revisions").text == #"{"revisions":[],"next_cursor":null}"#)
            for query in ["revision=1", "speakers=all", "wait=61"] {
                let path = query.hasPrefix("wait") ? "/jobs/\(job)?\(query)" : "/jobs/\(job)/transcript?\(query)"
                let field = query.split(separator: "=").first.map(String.init)
                #expect(try await customer.get(path).problem(400)["field"] as? String == field)
            }
            // Hostile text is text.
            let hostile = #"<script>alert(1)</script> \u202e\u0000 {\\an8} --> \ud83d\ude00"#
            let answer = try await Self.correct(
                customer, job, #"[{"segment":0,"text":"\#(hostile)"}]"#, version: "*")
            #expect(answer.status == 200, "\(answer.text)")
            for format in ["json", "txt", "srt", "vtt", "docx"] {
                #expect(try await customer.get("/jobs/\(job)/transcript?format=\(format)").status == 200)
            }
        }
    }

    @Test func `a request waits for the end of its job, at any node, and not for longer than it asks`() async throws {
        try await Deployment.with { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let customer = try await deployment.customer(at: nodes[0])
            let elsewhere = Customer(node: nodes[1], http: customer.http, token: customer.token)
            let answer = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try answer.json["job_id"] as? String)
            let early = try await customer.get("/jobs/\(job)?wait=1")
            #expect(try early.json["status"] as? String == "queued" && early.headers["Retry-After"] != nil)
            let waiting = [customer, elsewhere].map { one in Task { try await one.get("/jobs/\(job)?wait=60").text } }
            #expect(try await customer.send("POST", "/jobs/\(job)/cancel").status == 202)
            let start = MachineClock.spare()
            for one in waiting { #expect(try await one.value.contains(#""status":"cancelled""#)) }
            #expect(MachineClock.spare() - start < 30)
            #expect(try await customer.get("/jobs/\(job)?wait=60").json["status"] as? String == "cancelled")
        }
    }
}

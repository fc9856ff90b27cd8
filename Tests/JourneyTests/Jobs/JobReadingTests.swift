import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Jobs and transcripts as their customer reads them.
@Suite struct JobReadingTests {
    @Test func `another tenant's job is not found, exactly as one that never existed`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let alice = try await deployment.customer(at: node)
            let bob = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            let job = try await alice.submit(file: Recordings.clip("0880"))
            _ = try await alice.finished(job)
            #expect(try await bob.get("/jobs/\(job)").status == 200)
            for suffix in ["", "/transcript", "/transcript?format=srt"] {
                var theirs = try await charlie.get("/jobs/\(job)\(suffix)").problem(404)
                var nobodys = try await charlie.get("/jobs/job_01M838PFM86E9W3FD5JMJB8BCA\(suffix)").problem(404)
                theirs["request_id"] = nil
                nobodys["request_id"] = nil
                #expect(theirs as NSDictionary == nobodys as NSDictionary)
            }
            #expect(try await charlie.get("/jobs").json["jobs"] as? [String] == [])
        }
    }

    @Test func `an account that never stops to search is told to wait, and nobody else is`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            for _ in 0..<60 { #expect(try await alice.get("/jobs?q=harbor").status == 200) }
            // A minute may have passed since the first one.
            var refused: Answer?
            for _ in 0..<60 where refused == nil {
                let answer = try await alice.get("/jobs?q=harbor")
                if answer.status != 200 { refused = answer }
            }
            let answer = try #require(refused)
            #expect(try answer.problem(429)["error"] as? String == "rate_limited")
            #expect((1...60).contains(Int(answer.headers["Retry-After"] ?? "") ?? 0))
            #expect(try await alice.get("/jobs").status == 200)
            #expect(try await charlie.get("/jobs?q=harbor").status == 200)
        }
    }

    @Test func `a job waits, is polled by its own word and then read in every format`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let posted = try await customer.post(
                file: Recordings.clip("0880"), named: "Interview Größe.wav",
                fields: ["diarize": "false", "language": "en", "metadata": #"{"n":1.50,  "b":"ü","a":[]}"#])
            #expect(posted.status == 202)
            let job = try #require(try posted.json["job_id"] as? String)
            #expect(posted.headers["Location"] == "/jobs/\(job)")
            let waiting = try await customer.get("/jobs/\(job)")
            #expect(try waiting.json["status"] as? String == "queued")
            #expect((1...15).contains(Int(waiting.headers["Retry-After"] ?? "") ?? 0))
            let early = try await customer.get("/jobs/\(job)/transcript")
            #expect(try early.problem(409)["error"] as? String == "not_ready")
            #expect(early.headers["Retry-After"] != nil)

            let worker = try await deployment.start("worker")
            let ended = try await customer.finished(job)
            #expect(ended["status"] as? String == "completed")
            #expect(ended["progress"] as? Double == 1)
            #expect(ended["diarize"] as? Bool == false)
            #expect(ended["language"] as? String == "en")
            #expect(ended["engine"] as? String == "whisper_base")
            #expect((ended["source"] as? [String: String]) == ["type": "upload", "name": "Interview Größe.wav"])
            #expect(try await customer.get("/jobs/\(job)").text.contains(#""metadata":{"n":1.50,  "b":"ü","a":[]},"#))
            #expect(try await customer.get("/jobs/\(job)").headers["Retry-After"] == nil)
            worker.process.signal(SIGTERM)

            let types = [
                "json": "application/json", "txt": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt",
                "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ]
            for format in TranscriptFormat.allCases {
                let (type, format) = (types[format.rawValue] ?? format.contentType, format.rawValue)
                let answer = try await customer.get("/jobs/\(job)/transcript?format=\(format)")
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"]?.hasPrefix(type) == true)
                #expect(answer.text.contains("young man"))
                #expect(
                    answer.headers["Content-Disposition"]
                        == "attachment; filename=\"Interview Gr__e.\(format)\"; filename*=UTF-8''Interview%20Gr%C3%B6%C3%9Fe.\(format)"
                )
                let tag = try #require(answer.headers["ETag"])
                let again = try await customer.get(
                    "/jobs/\(job)/transcript?format=\(format)", headers: [(name: "If-None-Match", value: tag)])
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
                let negotiated = try await customer.get(
                    "/jobs/\(job)/transcript", headers: [(name: "Accept", value: type)])
                #expect(negotiated.text == answer.text)
            }
            let unknown = try await customer.get("/jobs/\(job)/transcript?format=pdf")
            #expect(try unknown.problem(400)["error"] as? String == "unknown_format")
        }
    }

    @Test func `a list's filters and cursors work, and nonsense in them is refused`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            for _ in 0..<3 { _ = try await customer.submit(file: Recordings.clip("0880")) }
            let first = try await customer.get("/jobs?limit=2&status=queued").json
            let cursor = try #require(first["next_cursor"] as? String)
            #expect((first["jobs"] as? [Any])?.count == 2)
            let second = try await customer.get("/jobs?limit=2&cursor=\(cursor)").json
            #expect((second["jobs"] as? [Any])?.count == 1)
            #expect(second["next_cursor"] is NSNull)
            // Loops begin with an empty cursor; 2.0 is a whole number to JSON Schema.
            for query in ["limit=2&cursor=", "cursor=&limit=2.0", "limit=2e0"] {
                let page = try await customer.get("/jobs?\(query)")
                #expect(try page.status == 200 && page.json["next_cursor"] as? String == cursor, "\(query)")
            }
            #expect(
                (try await customer.get("/jobs?until=2020-01-01T00:00:00Z").json["jobs"] as? [Any])?.isEmpty == true)
            for (query, field) in [
                ("status=done", "status"), ("since=yesterday", "since"), ("until=1", "until"), ("limit=0", "limit"),
                ("limit=201", "limit"), ("limit=x", "limit"), ("limit=2.5", "limit"), ("limit=0x2", "limit"),
                ("limit=nan", "limit"), ("limit=", "limit"),
                ("cursor=x", "cursor"), ("cursor=%00", "cursor"),
            ] {
                #expect(try await customer.get("/jobs?\(query)").problem(400)["field"] as? String == field, "\(query)")
            }
        }
    }
}

import Egress
import Foundation
import MediaSimulator
import Postgres
import Tenancy
import TestSupport
import Testing

/// Recordings by URL, through the real executables.
@Suite struct SourceURLTests {
    private static let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.1/32", "VERBATIM_LOG_LEVEL": "trace"]

    private static func speech(_ clip: String = "0880") throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: Recordings.clip(clip))))
    }

    private static func submit(_ customer: Customer, _ url: String, _ more: String = "") async throws -> String {
        let answer = try await customer.send("POST", "/jobs", json: #"{"source_url":"\#(url)"\#(more)}"#)
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(try answer.json["job_id"] as? String)
    }

    private static func error(of job: String, _ customer: Customer) async throws -> String {
        let ended = try await customer.finished(job)
        let error = ended["error"] as? [String: Any]
        #expect((error?["message"] as? String)?.isEmpty == false)
        return [error?["code"], error?["reason"]].compactMap { $0 as? String }.joined(separator: "/")
    }

    @Test func `a recording is fetched and transcribed, and its secret is in no log`() async throws {
        try await Deployment.with { deployment in
            let site = try MediaSimulator([
                "/call.wav": .init(type: "audio/x-wav", body: try Self.speech(), tag: "\"1\"", breaks: [30_000]),
                "/chunked": .init(type: "application/octet-stream", body: try Self.speech("0930"), framing: .chunked),
                "/moved": .redirect(to: "/chunked?X-Amz-Signature=5ec4e7", status: 308),
            ])
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let url = site.url + "/call.wav?X-Amz-Signature=5ec4e7&list=%2F"
            let job = try await Self.submit(customer, url, #","language":"en","metadata":{"n": 1}"#)
            let moved = try await Self.submit(customer, site.url + "/moved")
            let words = WordErrorRate.normalized(try await customer.words(of: job))
            #expect(words == (try Recordings.reference(["0880"])))
            #expect(
                WordErrorRate.normalized(try await customer.words(of: moved)) == (try Recordings.reference(["0930"])))
            let document = try await customer.get("/jobs/\(job)").json
            #expect(document["source"] as? [String: String] == ["type": "url", "url": url])
            #expect((document["duration_seconds"] as? Double ?? 0) > 2)
            #expect((document["metadata"] as? [String: Int]) == ["n": 1])
            let transcript = try await customer.get("/jobs/\(job)/transcript?format=txt")
            #expect(transcript.headers["Content-Disposition"]?.contains("call.txt") == true)
            // The connection broke once, and the rest came by range.
            let requests = site.requests.filter { $0.path == "/call.wav" }
            #expect(requests.contains { $0.headers["range"] != nil }, "\(requests.map(\.headers))")
            let usage = try await deployment.tenants.owner.query("SELECT count(*), sum(seconds)::int8 FROM usage")
                .map { try $0.decode(Int.self, Int.self) }
            #expect(usage[0].0 == 2 && usage[0].1 > 4)
            try await eventually("nothing of the sources is left") { try deployment.storage.files.isEmpty }
            for line in node.process.log.lines {
                #expect(!line.contains("5ec4e7"), "\(line)")
                #expect(!line.contains("call.wav"), "\(line)")
            }
        }
    }

    @Test func `what is not public is refused at once, and nobody is asked`() async throws {
        try await Deployment.with { deployment in
            let canary = try LoopbackListener(address: nil) { _ in }
            let site = try MediaSimulator()
            site["/out"] = .redirect(to: "http://127.0.0.2:\(canary.port)/")
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            for url in HostileURLs.all(port: canary.port) {
                let body = String(
                    decoding: try JSONSerialization.data(withJSONObject: ["source_url": url]), as: UTF8.self)
                let answer = try await customer.send("POST", "/jobs", json: body)
                #expect([400, 422].contains(answer.status), "\(url): \(answer.text)")
                let problem = try answer.problem(answer.status)
                #expect(problem["field"] as? String == "source_url")
                #expect(
                    problem["error"] as? String == (answer.status == 422 ? "source_url_refused" : "invalid_request"))
            }
            let refused = try await customer.send("POST", "/jobs", json: #"{"source_url":"\#(site.url)/out"}"#)
            #expect(try refused.problem(422)["error"] as? String == "source_url_refused")
            // Where one address is allowed, a redirect to another is not.
            let other = try await deployment.customer(at: try await deployment.start("serve", Self.allowed))
            let job = try await Self.submit(other, site.url + "/out")
            #expect(try await Self.error(of: job, other) == "source_url_refused")
            #expect(canary.accepts == 0)
            #expect(try await deployment.tenants.owner.query("SELECT FROM usage").isEmpty)
        }
    }

    @Test func `each way to fail has its code, costs nothing and leaves nothing`() async throws {
        try await Deployment.with { deployment in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let silence = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "anullsrc=r=8000", "-t", "3"], into: folder, named: "silence.wav")
            let long = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=r=8000", "-t", "90"], into: folder, named: "long.flac")
            let site = try MediaSimulator([
                "/401": .init(status: 401), "/403": .init(status: 403), "/410": .init(status: 410),
                "/429": .init(status: 429),
                "/page": .text("<!doctype html><title>x</title>"),
                "/broken": .init(type: "audio/mpeg", body: [1, 2, 3]),
                "/big": .init(
                    type: "audio/mpeg", body: Array("ID3".utf8) + Array(repeating: 0, count: 3_000_000),
                    framing: .chunked),
                "/empty": .init(type: "audio/mpeg"),
                "/silence": .init(body: Array(try Data(contentsOf: URL(fileURLWithPath: silence)))),
                "/long": .init(body: Array(try Data(contentsOf: URL(fileURLWithPath: long)))),
                "/500": .init(status: 500),
            ])
            let tenant = deployment.tenants.example
            try await deployment.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, max_file_bytes, max_duration_seconds) VALUES (\(tenant), 2000000, 60)"
            )
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            var jobs: [(path: String, id: String)] = []
            let expected = [
                "/401": "source_requires_login", "/403": "source_requires_login", "/404": "source_not_found",
                "/410": "source_not_found", "/429": "source_blocked", "/page": "source_unsupported/no_media",
                "/broken": "invalid_audio/unsupported_format", "/big": "source_too_large",
                "/empty": "invalid_audio/empty_audio", "/silence": "invalid_audio/empty_audio",
                "/long": "invalid_audio/duration_exceeds_limit", "/500": "transient_error",
            ]
            for path in expected.keys { jobs.append((path, try await Self.submit(customer, site.url + path))) }
            for job in jobs {
                // What may pass is tried again by a schedule of minutes.
                try await eventually("\(job.path) ends") {
                    try await deployment.tenants.owner.execute(
                        "UPDATE tasks SET run_after = now() WHERE kind = 'fetch' AND status = 'ready'")
                    return try await customer.get("/jobs/\(job.id)").json["status"] as? String == "failed"
                }
                #expect(try await Self.error(of: job.id, customer) == expected[job.path], "\(job.path)")
            }
            #expect(site.requests.count { $0.path == "/500" } == 6)
            #expect(try await deployment.tenants.owner.query("SELECT FROM usage").isEmpty)
            #expect(try await deployment.tenants.owner.query("SELECT FROM reservations").isEmpty)
            try await eventually("nothing of the sources is left") { try deployment.storage.files.isEmpty }
        }
    }

    @Test func `an operator has a URL that was dead fetched again, as one new job that says nothing of the URL`()
        async throws
    {
        try await Deployment.with { deployment in
            let site = try MediaSimulator()
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let olga = Operator(tenants: deployment.tenants)
            let url = site.url + "/call.wav?token=5ec4e7"
            let job = try await Self.submit(customer, url, #","language":"en","metadata":{"n": 1}"#)
            #expect(try await Self.error(of: job, customer) == "source_not_found")
            site["/call.wav"] = .init(type: "audio/wav", body: try Self.speech())
            // Nothing is to be copied, so no storage is asked for.
            let retried = try await olga.call("job", "retry", job)
            try #require(retried.status == 0, "\(retried.errors)")
            #expect(retried.output.contains("which is fetched again"))
            #expect(!retried.output.contains("call.wav") && !retried.output.contains("5ec4e7"))
            let new = try #require(retried.output.split(separator: " ").first.map(String.init))
            #expect(new != job)
            let words = WordErrorRate.normalized(try await customer.words(of: new))
            #expect(words == (try Recordings.reference(["0880"])))
            let document = try await customer.get("/jobs/\(new)").json
            #expect(document["source"] as? [String: String] == ["type": "url", "url": url])
            #expect((document["metadata"] as? [String: Int]) == ["n": 1])
            let again = try await olga.call("job", "retry", job)
            #expect(again.status == 1 && again.errors.contains(new))
            #expect(try await olga.call("job", "retry", new).errors.contains("has not failed: it is completed"))
            let billed = try await deployment.tenants.owner.query("SELECT job_id FROM usage").map {
                try $0.decode(String.self)
            }
            #expect(billed == [new])

            let gone = try await Self.submit(customer, site.url + "/gone?token=5ec4e7")
            #expect(try await Self.error(of: gone, customer) == "source_not_found")
            #expect(try await customer.send("DELETE", "/jobs/\(gone)").status == 204)
            let deleted = try await olga.call("job", "retry", gone)
            #expect(deleted.status == 1 && deleted.errors.contains("was deleted by its customer"))
        }
    }

    @Test func `the newest episode of a feed is transcribed`() async throws {
        try await Deployment.with { deployment in
            let site = try MediaSimulator(["/2.wav": .init(type: "audio/wav", body: try Self.speech())])
            site["/feed"] = .text(
                """
                <?xml version="1.0"?><rss version="2.0"><channel><title>Pod</title>
                <item><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate><enclosure url="\(site.url)/1.wav"/></item>
                <item><pubDate>Tue, 03 Nov 2026 10:00:00 GMT</pubDate><enclosure url="\(site.url)/2.wav"/></item>
                </channel></rss>
                """, type: "application/rss+xml")
            let customer = try await deployment.customer(at: try await deployment.start("serve", Self.allowed))
            let words = try await customer.words(of: try await Self.submit(customer, site.url + "/feed"))
            #expect(WordErrorRate.normalized(words) == (try Recordings.reference(["0880"])))
            #expect(!site.requests.contains { $0.path == "/1.wav" })
        }
    }

    @Test func `the month's minutes are asked for when the recording is there`() async throws {
        try await Deployment.with { deployment in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let long = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=r=8000", "-t", "90"], into: folder, named: "long.flac")
            let site = try MediaSimulator([
                "/long": .init(body: Array(try Data(contentsOf: URL(fileURLWithPath: long))))
            ])
            let tenant = deployment.tenants.example
            try await deployment.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, monthly_minutes) VALUES (\(tenant), 1)")
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let job = try await Self.submit(customer, site.url + "/long")
            #expect(try await Self.error(of: job, customer) == "quota_exceeded/monthly_minutes")
            try await deployment.tenants.owner.execute("UPDATE quota_overrides SET monthly_minutes = 0")
            let refused = try await customer.send("POST", "/jobs", json: #"{"source_url":"\#(site.url)/long"}"#)
            #expect(try refused.problem(402)["error"] as? String == "quota_exceeded")
        }
    }

    @Test func `the same request under the same key is one job, and both or neither of file and URL are none`()
        async throws
    {
        try await Deployment.with { deployment in
            let site = try MediaSimulator()
            let node = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let key = [(name: "Idempotency-Key", value: "k")]
            let body = #"{"source_url":"\#(site.url)/a","diarize":true}"#
            let first = try await customer.send("POST", "/jobs", json: body, headers: key)
            #expect(first.status == 202, "\(first.text)")
            // Spelled in another way, it asks the same.
            let spelled = #"{ "diarize": true, "language": null, "source_url": "\#(site.url)\/a" }"#
            let again = try await customer.send("POST", "/jobs", json: spelled, headers: key)
            #expect(again.body == first.body)
            #expect(again.headers["Idempotent-Replayed"] == "true")
            let other = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"\#(site.url)/b"}"#, headers: key)
            #expect(try other.problem(422)["error"] as? String == "idempotency_conflict")
            #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").count == 1)
            #expect(site.connections == 0)

            let both = try await customer.post(file: Recordings.clip("0880"), fields: ["source_url": site.url])
            #expect(try both.problem(400)["field"] as? String == "source_url")
            let neither = try await customer.send("POST", "/jobs", json: "{}")
            #expect(try neither.problem(400)["field"] as? String == "source_url")
            let unknown = try await customer.send("POST", "/jobs", json: #"{"source_url":"\#(site.url)","x":1}"#)
            #expect(try unknown.problem(400)["field"] as? String == "x")
            let large = #"{"source_url":"\#(site.url)","metadata":{"a":"\#(String(repeating: "x", count: 140_000))"}}"#
            #expect(
                try await customer.send("POST", "/jobs", json: large).problem(413)["error"] as? String
                    == "request_too_large")
        }
    }

    @Test func `operators see which yt-dlp a machine has`() async throws {
        let result = try await Operator.call(["ytdlp", "status", "--json"], settings: [:])
        #expect(result.status == 0, "\(result.errors)")
        let row = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(row?["installed"] as? Bool == true)
        #expect(row?["version"] as? String == row?["pinned"] as? String)
        let wrong = try await Operator.call(["ytdlp", "update", "--version", "--index-url"], settings: [:])
        #expect(wrong.status == 64)
    }
}

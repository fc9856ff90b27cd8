import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Records of where transcripts came from, verified as the documentation says: by other people's libraries.
@Suite struct ProvenanceTests {
    /// Files as a customer keeps them.
    private struct Kept {
        let folder: TemporaryFolder
        var record: String { folder.path + "/record.jws" }
        var transcript: String { folder.path + "/transcript.json" }
        var source: String { folder.path + "/source.wav" }
        var keys: String { folder.path + "/jwks.json" }

        init(_ customer: Customer, _ job: String, source: String, revision: String = "latest") async throws {
            folder = try TemporaryFolder()
            let answer = try await customer.get("/jobs/\(job)/provenance?revision=\(revision)")
            #expect(answer.status == 200 && answer.headers["Content-Type"] == "application/jose")
            try Data(answer.body).write(to: URL(filePath: record))
            try Data(try await customer.get("/jobs/\(job)/transcript").body).write(to: URL(filePath: transcript))
            try FileManager.default.copyItem(atPath: source, toPath: self.source)
            try await fetchKeys(customer)
        }

        func fetchKeys(_ customer: Customer) async throws {
            try Data(try await customer.get("/.well-known/jwks.json").body).write(to: URL(filePath: keys))
        }

        /// The claims, if the documented lines verify the record; else nil.
        func claims() async throws -> [String: Any]? {
            let readers = Checkout.root + "/Tests/Readers"
            let result = try await Command.run(
                readers + "/.venv/bin/python",
                ["-B", readers + "/verify_provenance.py", record, transcript, source, keys],
                environment: ["PYTHONUTF8": "1"])
            guard result.status == 0 else { return nil }
            return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        }

        /// Whether the record still verifies with a file in which something is replaced.
        func verifies(replacing old: String, with new: String, in file: String) async throws -> Bool {
            let before = try Data(contentsOf: URL(filePath: file))
            let text = String(decoding: before, as: UTF8.self)
            try #require(text.contains(old), "\(old) is not in \(file)")
            try Data(text.replacing(old, with: new, maxReplacements: 1).utf8).write(to: URL(filePath: file))
            defer { try? before.write(to: URL(filePath: file)) }
            return try await claims() != nil
        }
    }

    @Test func `a record verifies by other people's libraries, and one changed word, name or second makes it fail`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", ["VERBATIM_PUBLIC_URL": "https://api.example"])
            let customer = try await deployment.customer(at: node)
            let source = Recordings.clip("0880")
            let job = try await customer.submit(file: source, fields: ["language": "en", "diarize": "false"])
            #expect(try await customer.finished(job)["status"] as? String == "completed")
            let kept = try await Kept(customer, job, source: source)
            defer { kept.folder.remove() }

            let claims = try #require(try await kept.claims())
            #expect(claims["iss"] as? String == "https://api.example")
            #expect(claims["job_id"] as? String == job && claims["revision"] as? Int == 0)
            #expect(claims["engine"] as? String == "whisper_base" && claims["model"] as? String == "whisper_base")
            #expect(claims["corrected_by"] is NSNull && claims["fallback"] is NSNull)
            let settings = try #require(claims["settings"] as? [String: Any])
            #expect(settings["language"] as? String == "en" && settings["diarize"] as? Bool == false)
            let received = try #require(claims["source"] as? [String: Any])
            #expect(received["bytes"] as? Int == (try Data(contentsOf: URL(filePath: source))).count)
            let shown = try await customer.get("/jobs/\(job)").json
            #expect(received["decoded_seconds"] as? Double == shown["duration_seconds"] as? Double)

            #expect(try await !kept.verifies(replacing: "young", with: "old", in: kept.transcript))
            #expect(
                try await !kept.verifies(
                    replacing: "\"model\":\"whisper_base\"", with: "\"model\":\"x\"", in: kept.transcript))
            #expect(try await !kept.verifies(replacing: "\"start\":0.", with: "\"start\":1.", in: kept.transcript))
            // Not what the record is about.
            #expect(
                try await kept.verifies(
                    replacing: "\"language_confidence\":null", with: "\"language_confidence\":1", in: kept.transcript))
            try Data([1]).write(to: URL(filePath: kept.source))
            #expect(try await kept.claims() == nil)
        }
    }

    @Test func `a record verifies when the key is another and recording, transcript and job are gone`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let source = Recordings.clip("0880")
            let job = try await customer.submit(file: source)
            #expect(try await customer.finished(job)["status"] as? String == "completed")
            let kept = try await Kept(customer, job, source: source)
            defer { kept.folder.remove() }
            try await eventually("the recording is deleted") {
                try await customer.get("/jobs/\(job)").json["source_deleted_at"] is String
            }
            let before = try await customer.get("/.well-known/jwks.json").text

            let rotated = try await deployment.admin("provenance", "rotate-key")
            #expect(rotated.status == 0, "\(rotated.errors)")
            #expect(try await customer.send("DELETE", "/jobs/\(job)/transcript", json: nil).status == 204)
            // The record outlives the words, and goes with the job.
            #expect(try await customer.get("/jobs/\(job)/provenance").status == 200)
            #expect(try await customer.send("DELETE", "/jobs/\(job)", json: nil).status == 204)
            #expect(try await customer.get("/jobs/\(job)/provenance").status == 404)
            let left = try await deployment.tenants.owner.query("SELECT count(*) FROM provenance_records")
            #expect(try left[0].decode(Int.self) == 0)

            // A node that starts now knows only what is in the database.
            let other = try await deployment.start("api")
            try await kept.fetchKeys(Customer(node: other, http: customer.http, token: ""))
            #expect(try String(contentsOfFile: kept.keys, encoding: .utf8) != before)
            #expect(try await kept.claims() != nil)
            // Nothing can be signed with the old key any more.
            let keys = try await deployment.tenants.owner.query(
                "SELECT count(*), count(private_sealed), count(retired_at) FROM provenance_keys")
            let (all, open, retired) = try keys[0].decode(Int.self, Int.self, Int.self)
            #expect((all, open, retired) == (2, 1, 1))
        }
    }

    @Test func `each correction has a record with its author`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, mode: .test)
            let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let submitted = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try submitted.json["job_id"] as? String)
            let early = try await customer.get("/jobs/\(job)/provenance")
            #expect(early.status == 409 || early.status == 200)
            _ = try await customer.get("/jobs/\(job)?wait=60")
            let corrected = try await customer.send(
                "PATCH", "/jobs/\(job)/transcript", json: #"{"edits":[{"segment":0,"text":"Good evening."}]}"#,
                headers: [(name: "If-Match", value: "*")])
            #expect(corrected.status == 200)

            let records = try await ["original", "latest", "0", "1"].asyncMap {
                try await customer.get("/jobs/\(job)/provenance?revision=\($0)").text
            }
            #expect(records[0] == records[2] && records[1] == records[3] && records[0] != records[1])
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let (record, transcript) = (folder.path + "/record.jws", folder.path + "/transcript.json")
            for (text, revision) in [(records[0], "original"), (records[1], "latest")] {
                try text.write(toFile: record, atomically: true, encoding: .utf8)
                for shown in ["original", "latest"] {
                    let json = try await customer.get("/jobs/\(job)/transcript?revision=\(shown)")
                    try Data(json.body).write(to: URL(filePath: transcript))
                    let result = try await deployment.admin(
                        "provenance", "verify", record, "--transcript", transcript)
                    #expect((result.status == 0) == (shown == revision), "\(result.output) \(result.errors)")
                }
            }
            let claims = try Self.payload(of: records[1])
            #expect(claims["revision"] as? Int == 1)
            #expect((claims["corrected_by"] as? [String: String])?["key_id"] == key.id.rawValue)
            #expect((claims["source"] as? [String: Any])?["sha256"] is NSNull)
        }
    }

    @Test func `others see no record, and a wrong revision is told`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            let queued = try await alice.submit(file: Recordings.clip("0880"))
            #expect(try await alice.get("/jobs/\(queued)/provenance").problem(409)["error"] as? String == "not_ready")
            let done = try await DashboardJob(name: "a.wav", metadata: "{}").insert(of: deployment.tenants)
            // From before there were records.
            #expect(try await alice.get("/jobs/\(done)/provenance").problem(404)["error"] as? String == "not_found")
            for revision in ["", "-1", "first", "1.5", "100000", "%00"] {
                let problem = try await alice.get("/jobs/\(done)/provenance?revision=\(revision)").problem(400)
                #expect(problem["field"] as? String == "revision", "\(revision)")
            }
            for job in [queued, done] {
                #expect(try await charlie.get("/jobs/\(job)/provenance").status == 404)
            }
        }
    }

    @Test func `the command verifies without a database, and says what is wrong`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, mode: .test)
            let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let submitted = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try submitted.json["job_id"] as? String)
            _ = try await customer.get("/jobs/\(job)?wait=60")
            let kept = try await Kept(customer, job, source: Recordings.clip("0880"))
            defer { kept.folder.remove() }
            func verify(_ arguments: String...) async throws -> Command.Result {
                try await Operator.call(["provenance", "verify"] + arguments, settings: [:])
            }
            let good = try await verify(kept.record, "--keys", kept.keys, "--transcript", kept.transcript)
            #expect(good.status == 0 && good.output.contains(job), "\(good.errors)")
            // Nothing was recorded of a recording that was not kept.
            let source = try await verify(kept.record, "--keys", kept.keys, "--source", kept.source)
            #expect(source.status == 1 && source.errors.contains("is not the recording of this record"))

            var record = try String(contentsOfFile: kept.record, encoding: .utf8)
            let token = customer.token
            for (text, fault) in [
                (record.replacing("A", with: "B"), "verbatim-admin: "), (token, "no provenance record"),
                ("", "no provenance record"), (String(repeating: "x", count: 2 << 20), "more than 1 MiB"),
            ] {
                try text.write(toFile: kept.record, atomically: true, encoding: .utf8)
                let result = try await verify(kept.record, "--keys", kept.keys)
                #expect(result.status == 1 && result.errors.contains(fault), "\(result.errors)")
            }
            let parts = record.trimmingCharacters(in: .newlines).split(separator: ".").map(String.init)
            // Another character of the payload, the header and the signature as they were.
            let middle = parts[1].index(parts[1].startIndex, offsetBy: 40)
            var payload = parts[1]
            payload.replaceSubrange(middle...middle, with: payload[middle] == "A" ? "B" : "A")
            record = [parts[0], payload, parts[2]].joined(separator: ".")
            try record.write(toFile: kept.record, atomically: true, encoding: .utf8)
            let forged = try await verify(kept.record, "--keys", kept.keys)
            #expect(forged.status == 1 && forged.errors.contains("signature is wrong"), "\(forged.errors)")
            // A record is no access token.
            let stranger = Customer(node: node, http: customer.http, token: record)
            #expect(try await stranger.get("/jobs").status == 401)
        }
    }

    /// The claims, unverified.
    private static func payload(of record: String) throws -> [String: Any] {
        var text = record.split(separator: ".")[1].replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 > 0 { text += "=" }
        let data = try #require(Data(base64Encoded: String(text)))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}

extension Sequence {
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var results: [T] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}

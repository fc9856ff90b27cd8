import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Test keys: their jobs are simulated, cost nothing, and are seen by test keys alone.
@Suite struct TestKeyTests {
    private static func testCustomer(
        _ deployment: Deployment, scopes: Set<Scope> = .standard, at node: Node
    ) async throws -> Customer {
        let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, scopes: scopes, mode: .test)
        #expect(key.text.hasPrefix("tsk_test_"))
        return try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
    }

    @Test func `a test key's job ends without a worker or an engine, costs nothing, and no live key sees it`()
        async throws
    {
        try await Deployment.with { deployment in
            // Nothing recognizes here, and not a minute is left.
            let node = try await deployment.start("api")
            try await deployment.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, monthly_minutes) VALUES (\(deployment.tenants.example), 0)")
            let tester = try await Self.testCustomer(deployment, at: node)
            let live = try await deployment.customer(at: node)
            let file = try await Recordings.short(into: deployment.scratch)
            let job = try await tester.submit(file: file, fields: ["metadata": #"{"order":"A-17"}"#])
            let ended = try await tester.finished(job)
            #expect(ended["status"] as? String == "completed" && ended["test"] as? Bool == true)
            #expect(ended["source_deleted_at"] is String)
            let transcript = try await tester.get("/jobs/\(job)/transcript").json
            #expect((transcript["speakers"] as? [Any])?.count == 2)
            #expect((transcript["segments"] as? [Any])?.isEmpty == false)
            for format in ["txt", "srt", "vtt", "docx"] {
                #expect(try await tester.get("/jobs/\(job)/transcript?format=\(format)").status == 200, "\(format)")
            }
            let byURL = try await tester.send(
                "POST", "/jobs",
                json: #"{"source_url":"https://media.example/a.mp3","test_outcome":"source_not_found"}"#)
            let failing = try #require(try byURL.json["job_id"] as? String)
            let failed = try await tester.finished(failing)
            #expect((failed["error"] as? [String: Any])?["code"] as? String == "source_not_found")
            #expect((try await tester.get("/jobs").json["jobs"] as? [Any])?.count == 2)

            // Live keys see nothing of it, and test keys nothing of theirs.
            #expect(try await live.get("/jobs").text == #"{"jobs":[],"next_cursor":null}"#)
            for (method, path) in [
                ("GET", "/jobs/\(job)"), ("GET", "/jobs/\(job)/transcript"), ("DELETE", "/jobs/\(job)/transcript"),
                ("POST", "/jobs/\(failing)/cancel"), ("DELETE", "/jobs/\(job)"), ("GET", "/jobs/\(job)/deliveries"),
            ] {
                #expect(
                    try await live.send(method, path).problem(404)["error"] as? String == "not_found",
                    "\(method) \(path)")
            }
            let real = try await JobScene.insert(.completed, of: deployment.tenants.example, into: deployment.tenants)
            #expect(try await tester.get("/jobs/\(real)").status == 404)
            #expect(try await tester.send("DELETE", "/jobs/\(real)").status == 404)
            #expect(try await live.get("/jobs/\(real)").status == 200)

            let usage = try await live.get("/usage").json
            #expect(usage["used_seconds"] as? Int == 0 && usage["reserved_seconds"] as? Int == 0)
            #expect((usage["concurrency"] as? [String: Any])?["waiting"] as? Int == 0)
            let rows = try await deployment.tenants.owner.query(
                "SELECT (SELECT count(*) FROM usage) + (SELECT count(*) FROM reservations) + (SELECT count(*) FROM tasks)"
            )
            #expect(try rows[0].decode(Int.self) == 0)
            let stored = try FileManager.default.subpathsOfDirectory(atPath: deployment.storage.path)
            #expect(!stored.contains { $0.hasSuffix("source") })
            try await deployment.tenants.owner.execute("DELETE FROM jobs WHERE id = \(real)")
            let month = try #require(usage["period"] as? String)
            let verified = try await deployment.admin("usage", "verify", "--period", month)
            #expect(verified.status == 0, "\(verified.output)")
            #expect(try await tester.send("DELETE", "/jobs/\(job)").status == 204)
            #expect(try await tester.get("/jobs/\(job)").status == 404)
        }
    }

    @Test func `a test job waits as long as it was asked to, can be cancelled, and its webhooks verify`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let tester = try await Self.testCustomer(deployment, at: node)
            let secret = try await deployment.admin(
                "webhook-secret", "create", "--tenant", deployment.tenants.example.rawValue)
            let file = try await Recordings.short(into: deployment.scratch)
            let waiting = try await tester.submit(
                file: file, fields: ["test_delay_seconds": "60", "webhook_url": receiver.url])
            #expect(try await tester.get("/jobs/\(waiting)").json["status"] as? String == "queued")
            #expect(try await tester.send("POST", "/jobs/\(waiting)/cancel").status == 202)
            let failing = try await tester.submit(
                file: file, fields: ["test_outcome": "quota_exceeded", "webhook_url": receiver.url])
            #expect(try await tester.finished(failing)["status"] as? String == "failed")
            let done = try await tester.submit(file: file, fields: ["webhook_url": receiver.url])
            #expect(try await tester.finished(done)["status"] as? String == "completed")
            try await eventually("all are told") { receiver.received.count == 3 }
            #expect(
                Set(receiver.received.compactMap { $0.text("event") }) == [
                    "job.cancelled", "job.failed", "job.completed",
                ])
            for event in receiver.received {
                let json = try JSONSerialization.jsonObject(with: Data(event.body)) as? [String: Any]
                #expect(json?["test"] as? Bool == true)
                let signed = try await Command.run(
                    "openssl", ["dgst", "-sha256", "-hmac", secret.output.trimmingCharacters(in: .newlines)],
                    input: String(decoding: event.body, as: UTF8.self))
                #expect(signed.output.hasSuffix("\(event.headers["x-transcription-signature"] ?? "-")\n"))
            }
        }
    }

    @Test func `fields for tests are checked, and a live key has none`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let tester = try await Self.testCustomer(deployment, at: node)
            let live = try await deployment.customer(at: node)
            let url = #""source_url":"https://media.example/a.mp3""#
            for (body, field) in [
                (#"{\#(url),"test_outcome":"lost"}"#, "test_outcome"), (#"{\#(url),"test_outcome":1}"#, "test_outcome"),
                (#"{\#(url),"test_delay_seconds":61}"#, "test_delay_seconds"),
                (#"{\#(url),"test_delay_seconds":-1}"#, "test_delay_seconds"),
                (#"{\#(url),"test_delay_seconds":"5"}"#, "test_delay_seconds"),
            ] {
                #expect(
                    try await tester.send("POST", "/jobs", json: body).problem(400)["field"] as? String == field,
                    "\(body)")
            }
            let refused = try await live.send("POST", "/jobs", json: #"{\#(url),"test_outcome":"completed"}"#).problem(
                400)
            #expect(refused["field"] as? String == "test_outcome")
            // The same idempotency key is another one for a live key.
            let headers = [(name: "Idempotency-Key", value: "order-17")]
            let first = try await tester.send("POST", "/jobs", json: "{\(url)}", headers: headers)
            let again = try await tester.send("POST", "/jobs", json: "{\(url)}", headers: headers)
            #expect(first.status == 202 && first.body == again.body)
            let real = try await live.send("POST", "/jobs", json: "{\(url)}", headers: headers)
            #expect(real.status == 202 && real.body != first.body)
        }
    }

    @Test func `a test key changes nothing real, and manages test keys alone`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let tester = try await Self.testCustomer(deployment, scopes: Set(Scope.allCases), at: node)
            let live = try await deployment.tenants.issueKey(for: deployment.tenants.example).id
            let refused = try await tester.send("POST", "/keys", json: #"{"name":"x","mode":"live"}"#).problem(403)
            #expect(refused["error"] as? String == "live_key_required")
            let made = try await tester.createKey(#"{"name":"ci"}"#)
            #expect(made.text.hasPrefix("tsk_test_"))
            let rotated = try await tester.send("POST", "/keys/\(made.id)/rotate", json: "{}")
            #expect((try rotated.json["api_key"] as? String)?.hasPrefix("tsk_test_") == true)
            for (method, path) in [
                ("PATCH", "/keys/\(live)"), ("POST", "/keys/\(live)/rotate"), ("DELETE", "/keys/\(live)"),
            ] {
                #expect(try await tester.send(method, path, json: "{}").status == 404, "\(method)")
            }
            let keys = try await tester.get("/keys").json["keys"] as? [[String: Any]] ?? []
            #expect(keys.count == 3 && keys.allSatisfy { $0["mode"] as? String == "test" })
            let issued = try await deployment.admin(
                "key", "issue", "--tenant", deployment.tenants.example.rawValue, "--name", "ci", "--test", "--json")
            #expect(issued.output.contains("tsk_test_"))
        }
    }
}

import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// Webhook endpoints that customers manage, through the real executables.
@Suite struct WebhookEndpointTests {
    private static let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"]

    private static func create(_ customer: Customer, _ body: String) async throws -> String {
        let answer = try await customer.send("POST", "/webhooks", json: body)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(try answer.json["id"] as? String)
    }

    private static func deliveries(_ customer: Customer, _ id: String, _ query: String = "") async throws -> [[String:
        Any]]
    {
        try await customer.get("/webhooks/\(id)/deliveries\(query)").json["deliveries"] as? [[String: Any]] ?? []
    }

    @Test func `endpoints are created, listed, changed and removed, each account its own`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            for (body, field) in [
                (#"{}"#, "url"), (#"{"url":"http://127.0.0.1/","events":[]}"#, "events"),
                (#"{"url":"http://127.0.0.1/","events":["job.finished"]}"#, "events"),
                (#"{"url":"http://127.0.0.1/","events":["nothing.*"]}"#, "events"),
                (#"{"url":"http://127.0.0.1/","events":"*"}"#, "events"),
                (#"{"url":"http://127.0.0.1/","enabled":1}"#, "enabled"),
            ] {
                let answer = try await customer.send("POST", "/webhooks", json: body).problem(400)
                #expect(answer["field"] as? String == field, "\(body)")
            }
            #expect(
                try await customer.send("POST", "/webhooks", json: #"{"url":"http://10.0.0.1/"}"#).problem(422)["error"]
                    as? String == "webhook_url_refused")

            let first = try await Self.create(
                customer, #"{"url":"http://127.0.0.1:1/a","events":["job.*","key.expiring"]}"#)
            let taken = try await customer.send("POST", "/webhooks", json: #"{"url":"http://127.0.0.1:1/a"}"#).problem(
                409)
            #expect(taken["error"] as? String == "endpoint_exists")
            let second = try await Self.create(customer, #"{"url":"http://127.0.0.1:1/b","enabled":false}"#)
            #expect(try await customer.send("PUT", "/webhook", json: #"{"url":"http://127.0.0.1:1/c"}"#).status == 200)
            let list = try await customer.get("/webhooks").json["webhooks"] as? [[String: Any]] ?? []
            #expect(
                list.map { $0["url"] as? String } == [
                    "http://127.0.0.1:1/a", "http://127.0.0.1:1/b", "http://127.0.0.1:1/c",
                ])
            #expect(list.map { $0["default"] as? Bool } == [false, false, true])
            #expect(list.map { $0["enabled"] as? Bool } == [true, false, true])
            #expect(list.map { $0["events"] as? [String] } == [["job.*", "key.expiring"], ["*"], ["*"]])

            let changed = try await customer.send(
                "PATCH", "/webhooks/\(second)",
                json: #"{"url":"http://127.0.0.1:1/d","events":["usage.*"],"enabled":true}"#)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(try await customer.get("/webhooks/\(second)").text == changed.text)
            #expect(
                try await customer.send("PATCH", "/webhooks/\(second)", json: #"{"url":"http://127.0.0.1:1/a"}"#)
                    .problem(409)[
                        "error"] as? String == "endpoint_exists")
            // An endpoint that becomes the default one keeps its id and its events.
            #expect(try await customer.send("PUT", "/webhook", json: #"{"url":"http://127.0.0.1:1/d"}"#).status == 200)
            let now = try await customer.get("/webhooks").json["webhooks"] as? [[String: Any]] ?? []
            #expect(now.map { $0["id"] as? String } == [first, second])
            #expect(now.map { $0["default"] as? Bool } == [false, true])
            #expect(now.last?["events"] as? [String] == ["usage.*"])

            for (method, path, body) in [
                ("GET", "/webhooks/\(first)", nil), ("PATCH", "/webhooks/\(first)", "{}"),
                ("DELETE", "/webhooks/\(first)", nil),
                ("POST", "/webhooks/\(first)/test", nil), ("GET", "/webhooks/\(first)/deliveries", nil),
                ("POST", "/webhooks/\(first)/replay", #"{"since":"2026-11-01T00:00:00Z"}"#),
                ("GET", "/webhooks/whk_0", nil),
            ] as [(String, String, String?)] {
                let answer = try await charlie.send(method, path, json: body).problem(404)
                #expect(answer["error"] as? String == "not_found", "\(method) \(path)")
            }
            #expect(try await charlie.get("/webhooks").text == #"{"webhooks":[],"next_cursor":null}"#)
            #expect(try await customer.send("DELETE", "/webhooks/\(first)").status == 204)
            #expect(try await customer.send("DELETE", "/webhooks/\(first)").status == 404)
            for number in 0..<19 { _ = try await Self.create(customer, #"{"url":"http://127.0.0.1:1/\#(number)"}"#) }
            let many = try await customer.send("POST", "/webhooks", json: #"{"url":"http://127.0.0.1:1/x"}"#).problem(
                409)
            #expect(many["error"] as? String == "limit_reached" && many["limit"] as? Int == 20)
            let every = try await customer.get("/webhooks").json["webhooks"] as? [[String: Any]] ?? []
            var (paged, cursor) = ([String?](), String?.some(""))
            while let start = cursor {
                let page = try await customer.get("/webhooks?limit=9&cursor=\(start)").json
                let found = try #require(page["webhooks"] as? [[String: Any]])
                #expect((1...9).contains(found.count))
                paged += found.map { $0["id"] as? String }
                cursor = page["next_cursor"] as? String
            }
            #expect(paged.count == 20 && paged == every.map { $0["id"] as? String })
            for (query, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("cursor=whk_1", "cursor")] {
                #expect(try await customer.get("/webhooks?\(query)").problem(400)["field"] as? String == field)
            }
            let audit = try await deployment.admin("audit", "--tenant", deployment.tenants.example.rawValue, "--json")
            #expect(audit.output.contains("webhook create") && !audit.output.contains("127.0.0.1:1"))
        }
    }

    @Test func `each endpoint is told what it wants, as the same event, and a stretch is told again`() async throws {
        let (own, all, failures, usage) = (
            try WebhookReceiver(), try WebhookReceiver(), try WebhookReceiver(), try WebhookReceiver()
        )
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let everything = try await Self.create(customer, #"{"url":"\#(all.url)"}"#)
            _ = try await Self.create(customer, #"{"url":"\#(failures.url)","events":["job.failed"]}"#)
            _ = try await Self.create(customer, #"{"url":"\#(usage.url)","events":["usage.*"]}"#)
            let job = try await customer.submit(file: Recordings.clip("0880"), fields: ["webhook_url": own.url])
            _ = try await customer.finished(job)
            try await eventually("both are told") { own.received.count == 1 && all.received.count == 1 }
            #expect(own.received[0].body == all.received[0].body)
            #expect(own.received[0].id == all.received[0].id)
            #expect(failures.received.isEmpty && usage.received.isEmpty)
            try await eventually("that is written down") {
                try await Self.deliveries(customer, everything, "?status=delivered").count == 1
            }
            let delivered = try await Self.deliveries(customer, everything)
            #expect(delivered[0]["job_id"] as? String == job && delivered[0]["status_code"] as? Int == 200)
            #expect(delivered[0]["event_id"] as? String == own.received[0].id)
            #expect(try await Self.deliveries(customer, everything, "?status=failed").isEmpty)
            #expect(try await Self.deliveries(customer, everything, "?since=2999-01-01T00:00:00Z").isEmpty)
            for query in ["?status=lost", "?since=yesterday", "?limit=0", "?cursor=x"] {
                #expect(
                    try await customer.get("/webhooks/\(everything)/deliveries\(query)").problem(400)["field"] is String
                )
            }
            let attempts =
                try await customer.get("/jobs/\(job)/deliveries").json["deliveries"] as? [[String: Any]] ?? []
            #expect(Set(attempts.map { $0["webhook_id"] as? String }) == [nil, everything])

            let again = try await customer.send(
                "POST", "/webhooks/\(everything)/replay",
                json: #"{"since":"2026-01-01T00:00:00Z","status":"delivered"}"#)
            #expect(again.status == 202 && again.text == #"{"replayed":1}"#, "\(again.text)")
            try await eventually("it is told again") { all.received.count == 2 }
            #expect(all.received[1].body == all.received[0].body && own.received.count == 1)
            let none = try await customer.send(
                "POST", "/webhooks/\(everything)/replay", json: #"{"since":"2026-01-01T00:00:00Z","status":"failed"}"#)
            #expect(none.text == #"{"replayed":0}"#)
            #expect(
                try await customer.send(
                    "POST", "/webhooks/\(everything)/replay", json: #"{"since":"2999-01-01T00:00:00Z"}"#
                )
                .problem(400)["field"] as? String == "since")

            // What is disabled is told nothing.
            #expect(
                try await customer.send("PATCH", "/webhooks/\(everything)", json: #"{"enabled":false}"#).status == 200)
            let second = try await customer.submit(file: Recordings.clip("0880"), fields: ["webhook_url": own.url])
            _ = try await customer.finished(second)
            try await eventually("its own address is told") { own.received.count == 2 }
            let events = try await deployment.tenants.owner.query("SELECT count(*) FROM webhook_events")[0].decode(
                Int.self)
            #expect(events == 3)
            #expect(
                try await customer.send(
                    "POST", "/webhooks/\(everything)/replay", json: #"{"since":"2026-01-01T00:00:00Z"}"#
                )
                .problem(409)["error"] as? String == "not_ready")
        }
    }

    @Test func `an endpoint is tested, and the secret is rotated, without an operator`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let id = try await Self.create(customer, #"{"url":"\#(receiver.url)"}"#)
            #expect(try await customer.get("/webhook-secret").json["created_at"] is NSNull)
            let tested = try await customer.send("POST", "/webhooks/\(id)/test")
            #expect(try tested.json["acknowledged"] as? Bool == true, "\(tested.text)")
            #expect(try tested.json["status_code"] as? Int == 200)
            #expect(receiver.received[0].text("event") == "webhook.test")
            receiver.behave { _ in .status(500) }
            let failed = try await customer.send("POST", "/webhooks/\(id)/test").json
            #expect(failed["acknowledged"] as? Bool == false && failed["error"] as? String == "bad_status")

            let created = try await customer.get("/webhook-secret").json
            #expect(created["created_at"] is String && created["rotating"] as? Bool == false)
            let rotated = try await customer.send("POST", "/webhook-secret/rotate", json: #"{"grace_seconds":3600}"#)
            let secret = try #require(try rotated.json["secret"] as? String)
            let during = try await customer.get("/webhook-secret")
            #expect(try during.json["rotating"] as? Bool == true)
            #expect(try during.json["next_from"] as? String == rotated.json["next_from"] as? String)
            #expect(!during.text.contains("whsec_"))
            receiver.behave { _ in .ok }
            _ = try await customer.send("POST", "/webhooks/\(id)/test")
            let got = try #require(receiver.received.last)
            let signed = try await Command.run(
                "openssl", ["dgst", "-sha256", "-hmac", secret], input: String(decoding: got.body, as: UTF8.self))
            #expect(signed.output.hasSuffix("\(got.headers["x-transcription-signature-next"] ?? "-")\n"))
            let bad = try await customer.send("POST", "/webhook-secret/rotate", json: #"{"grace_seconds":-1}"#).problem(
                400)
            #expect(bad["field"] as? String == "grace_seconds")
            let ended = try await customer.send("POST", "/webhook-secret/rotate", json: #"{"grace_seconds":0}"#).json
            #expect(ended["next_from"] is NSNull)
            #expect(try await customer.get("/webhook-secret").json["rotating"] as? Bool == false)
            #expect(!node.process.log.lines.contains { $0.contains("whsec_") })
        }
    }

    @Test func `the account is told once of each threshold, and once of each limit`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled)
                VALUES (\(deployment.tenants.example), 1, true)
                """)
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            _ = try await Self.create(customer, #"{"url":"\#(receiver.url)","events":["usage.*"]}"#)
            let limits = #"{"overage_cap_cents":2,"alert_percents":[30,60,100]}"#
            #expect(try await customer.send("PUT", "/account/limits", json: limits).status == 200)
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=frequency=300", "-t", "15", "-ar", "8000"], into: deployment.scratch,
                named: "tone.wav")
            // Fifteen seconds each: four are included, and two more cost 2 cents.
            for _ in 0..<6 {
                let answer = try await customer.post(file: file, query: "?accept_overage=true")
                _ = try await customer.finished(try #require(try answer.json["job_id"] as? String))
            }
            for _ in 0..<2 { _ = try await customer.post(file: file).problem(402) }
            for _ in 0..<2 { _ = try await customer.post(file: file, query: "?accept_overage=true").problem(402) }
            let expected: Set<String> = [
                "monthly_minutes 30", "monthly_minutes 60", "monthly_minutes 100", "overage_cap 30", "overage_cap 60",
                "overage_cap 100", "limit monthly_minutes", "limit overage_cap",
            ]
            func told() -> [String] {
                receiver.received.compactMap { event in
                    guard let json = try? JSONSerialization.jsonObject(with: Data(event.body)) as? [String: Any] else {
                        return nil
                    }
                    if let limit = json["limit"] as? String { return "limit \(limit)" }
                    return "\(json["of"] as? String ?? "-") \(json["percent"] as? Int ?? -1)"
                }
            }
            try await eventually("all is told") { told().count >= expected.count }
            #expect(told().count == expected.count)
            #expect(Set(told()) == expected)
            let rows = try await deployment.tenants.owner.query("SELECT count(*) FROM webhook_events")[0].decode(
                Int.self)
            #expect(rows == expected.count)
        }
    }
}

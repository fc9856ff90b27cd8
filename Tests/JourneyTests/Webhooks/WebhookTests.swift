import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// How customers are told, through the real executables.
@Suite struct WebhookTests {
    private static let allowed = ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"]

    private static func admin(
        _ arguments: [String], _ deployment: Deployment, _ changes: [String: String] = [:]
    ) async throws -> Command.Result {
        try await deployment.admin(arguments + ["--json"], settings: allowed.merging(changes) { $1 })
    }

    private static func json(_ result: Command.Result) throws -> [String: Any] {
        try #require(result.status == 0, "\(result.errors)")
        return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }

    private static func attempts(_ customer: Customer, _ job: String) async throws -> [[String: Any]] {
        try await customer.get("/jobs/\(job)/deliveries").json["deliveries"] as? [[String: Any]] ?? []
    }

    @Test func `a customer is told of a job's end, reads how that went, and has it told again`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let node = try await deployment.start(
                "serve", Self.allowed.merging(["VERBATIM_PUBLIC_URL": "https://api.example/v/"]) { $1 })
            let customer = try await deployment.customer(at: node)
            let secret = try #require(
                try Self.json(
                    try await Self.admin(
                        ["webhook-secret", "create", "--tenant", deployment.tenants.example.rawValue], deployment)
                )["secret"] as? String)
            let job = try await customer.submit(
                file: Recordings.clip("0880"),
                fields: ["webhook_url": receiver.url, "metadata": #"{"order": "A-17"}"#])
            let ended = try await customer.finished(job)
            #expect(ended["webhook_url"] as? String == receiver.url)
            try await eventually("the customer is told") { receiver.received.count == 1 }
            let got = receiver.received[0]
            #expect(got.text("event") == "job.completed")
            #expect(got.text("job_id") == job)
            #expect(got.text("completed_at") == ended["completed_at"] as? String)
            #expect(got.text("transcript_url") == "https://api.example/v/jobs/\(job)/transcript")
            let words = try await customer.words(of: job)
            #expect(!String(decoding: got.body, as: UTF8.self).contains(words.prefix(20)))
            let signed = try await Command.run(
                "openssl", ["dgst", "-sha256", "-hmac", secret], input: String(decoding: got.body, as: UTF8.self))
            #expect(signed.output.hasSuffix("\(got.headers["x-transcription-signature"] ?? "-")\n"))

            try await eventually("it is written down") {
                try await customer.get("/jobs/\(job)/deliveries").json["status"] as? String == "delivered"
            }
            let attempts = try await Self.attempts(customer, job)
            #expect(attempts.count == 1)
            #expect(attempts[0]["status_code"] as? Int == 200)
            #expect(attempts[0]["event_id"] as? String == got.id)
            #expect(attempts[0]["error"] is NSNull)
            #expect(attempts[0]["latency_ms"] is Int)

            #expect(try await customer.send("POST", "/jobs/\(job)/deliveries").status == 202)
            try await eventually("it is told again") { receiver.received.count == 2 }
            #expect(receiver.received[1].body == got.body)

            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            for (method, path) in [("GET", "/jobs/\(job)/deliveries"), ("POST", "/jobs/\(job)/deliveries")] {
                let answer = try await charlie.send(method, path).problem(404)
                #expect(answer["error"] as? String == "not_found")
            }
            #expect(!node.process.log.lines.contains { $0.contains(secret) || $0.contains("/hook") })
        }
    }

    @Test func `a default endpoint is named, told, shown and removed`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            #expect(try await customer.get("/webhook").json["url"] is NSNull)
            for body in [#"{}"#, #"{"url": 7}"#] {
                let answer = try await customer.send("PUT", "/webhook", json: body).problem(400)
                #expect(answer["field"] as? String == "url")
            }
            for url in ["http://10.0.0.1/", "http://[::1]/", "ftp://example.org/", "http://user@example.org/"] {
                let answer = try await customer.send("PUT", "/webhook", json: #"{"url": "\#(url)"}"#).problem(422)
                #expect(answer["error"] as? String == "webhook_url_refused")
                #expect(answer["field"] as? String == "url")
            }
            let early = try await customer.submit(file: Recordings.clip("0880"))
            _ = try await customer.finished(early)
            let nobody = try await customer.send("POST", "/jobs/\(early)/deliveries").problem(409)
            #expect(nobody["error"] as? String == "not_ready")
            #expect(try await customer.get("/jobs/\(early)/deliveries").json["status"] is NSNull)

            let put = try await customer.send("PUT", "/webhook", json: #"{"url": "\#(receiver.url)"}"#)
            #expect(put.status == 200)
            #expect(try await customer.send("POST", "/jobs/\(early)/deliveries").status == 202)
            try await eventually("the customer is told") { receiver.received.count == 1 }
            #expect(receiver.received[0].text("transcript_url") == "/jobs/\(early)/transcript")
            try await eventually("the endpoint's success is shown") {
                try await customer.get("/webhook").json["last_success_at"] is String
            }
            let shown = try await customer.get("/webhook")
            #expect(try shown.json["url"] as? String == receiver.url)
            #expect(try shown.json["failing"] as? Bool == false)
            #expect(!shown.text.contains("whsec_"))
            try await deployment.tenants.owner.execute(
                "UPDATE webhook_endpoints SET failing_since = '2026-11-22T10:00:00Z' WHERE is_default")
            let failing = try await customer.get("/webhook").json
            #expect(failing["failing"] as? Bool == true)
            #expect(failing["failing_since"] as? String == "2026-11-22T10:00:00.000Z")
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            #expect(try await charlie.get("/webhook").json["url"] is NSNull)

            // Sixty tries an hour; the oldest of them was 50 minutes ago.
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code)
                SELECT tenant_id, id, attempt + n, now() - make_interval(mins => 50) * (n = 1)::int, 200
                FROM webhook_events, generate_series(1, 60) n
                """)
            try await deployment.tenants.owner.execute("UPDATE webhook_events SET attempt = attempt + 60")
            let often = try await customer.send("POST", "/jobs/\(early)/deliveries")
            #expect(try often.problem(429)["error"] as? String == "rate_limited")
            let rest = try #require(often.headers["Retry-After"].flatMap { Int($0) })
            #expect((590...600).contains(rest))
            #expect(try await customer.get("/jobs/\(early)/deliveries").json["status"] as? String == "delivered")
            try await deployment.tenants.owner.execute(
                "UPDATE webhook_attempts SET at = at - interval '11 minutes' WHERE at < now() - interval '40 minutes'")
            #expect(try await customer.send("POST", "/jobs/\(early)/deliveries").status == 202)

            #expect(try await customer.send("PUT", "/webhook", json: #"{"url": null}"#).json["url"] is NSNull)
            #expect(try await customer.get("/webhook").json["url"] is NSNull)
        }
    }

    @Test func `operators make and rotate secrets, read, repeat and try deliveries`() async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let tenant = deployment.tenants.example.rawValue
            let node = try await deployment.start("serve", Self.allowed)
            let customer = try await deployment.customer(at: node)
            let none = try await Self.admin(["webhook", "test", "--tenant", tenant], deployment)
            #expect(none.status == 1 && none.errors.contains("no default endpoint"))
            _ = try await customer.send("PUT", "/webhook", json: #"{"url": "\#(receiver.url)"}"#)
            let tried = try Self.json(try await Self.admin(["webhook", "test", "--tenant", tenant], deployment))
            #expect(tried["status_code"] as? Int == 200)
            #expect(receiver.received.map { $0.text("event") } == ["webhook.test"])
            let test = receiver.received[0]
            let secret = try Self.json(
                try await Self.admin(["webhook-secret", "show", "--tenant", tenant], deployment))
            let signed = try await Command.run(
                "openssl", ["dgst", "-sha256", "-hmac", try #require(secret["secret"] as? String)],
                input: String(decoding: test.body, as: UTF8.self))
            #expect(signed.output.hasSuffix("\(test.headers["x-transcription-signature"] ?? "-")\n"))
            #expect(test.headers["webhook-signature"]?.hasPrefix("v1,") == true && test.id.hasPrefix("evt_"))
            receiver.behave { _ in .status(500) }
            let refused = try await Self.admin(["webhook", "test", "--tenant", tenant], deployment)
            #expect(refused.status == 1 && refused.output.contains(#""acknowledged":false"#))
            #expect(refused.output.contains(#""error":"bad_status""#) && refused.output.contains(#""status_code":500"#))
            let within = try await Self.admin(
                ["webhook", "test", "--tenant", tenant], deployment, ["VERBATIM_EGRESS_ALLOW": ""])
            #expect(within.status == 1 && within.output.contains(#""error":"address_refused""#))
            #expect(receiver.connections == 2)
            receiver.behave { _ in .ok }

            let secrets = ["create", "create", "rotate", "create"]
            var answers: [String] = []
            for command in secrets {
                let answer = try Self.json(
                    try await Self.admin(["webhook-secret", command, "--tenant", tenant], deployment))
                answers.append(try #require(answer["secret"] as? String))
            }
            #expect(answers[0] == answers[1] && answers[1] != answers[2] && answers[2] == answers[3])
            let shown = try Self.json(try await Self.admin(["webhook-secret", "show", "--tenant", tenant], deployment))
            #expect(shown["secret"] as? String == answers[0] && shown["next_secret"] as? String == answers[2])

            let job = try await customer.submit(file: Recordings.clip("0880"))
            try await eventually("the customer is told") { receiver.received.count == 3 }
            #expect(receiver.received[2].headers["x-transcription-signature-next"] != nil)
            let early = try Self.json(
                try await Self.admin(
                    ["webhook", "replay", "--tenant", tenant, "--since", "48h", "--until", "24h"], deployment))
            #expect(early["replayed"] as? Int == 0)
            for call in [["--job", job], ["--since", "2026-01-01T00:00:00Z", "--until", "2099-01-01T00:00:00Z"]] {
                let count = receiver.received.count
                let answer = try Self.json(
                    try await Self.admin(["webhook", "replay", "--tenant", tenant] + call, deployment))
                #expect(answer["replayed"] as? Int == 1)
                try await eventually("it is told again") { receiver.received.count == count + 1 }
            }
            let listed = try await Self.admin(["webhook", "deliveries", "--tenant", tenant, "--job", job], deployment)
            #expect(listed.status == 0 && listed.output.contains(#""attempt":1"#) && !listed.output.contains("/hook"))

            for wrong in [
                ["webhook", "replay", "--tenant", tenant],
                ["webhook", "deliveries", "--tenant", tenant, "--limit", "0"],
                ["webhook-secret", "rotate", "--tenant", tenant, "--grace", "soon"],
            ] {
                #expect(try await Self.admin(wrong, deployment).status == 64)
            }
            // A setting that cannot be read is not one that is not set.
            for setting in [["VERBATIM_PUBLIC_URL": "nowhere"], ["VERBATIM_PUBLIC_URL_FILE": "/nowhere"]] {
                let faulty = try await Self.admin(
                    ["webhook", "replay", "--tenant", tenant, "--job", job], deployment, setting)
                #expect(faulty.status == 1 && faulty.errors.contains("VERBATIM_PUBLIC_URL"))
            }
            let strange = try await Self.admin(
                ["webhook", "replay", "--tenant", deployment.tenants.other.rawValue, "--job", job], deployment)
            #expect(strange.status == 1)
            let audit = try await deployment.tenants.owner.query(
                "SELECT action FROM audit_log WHERE operator IS NOT NULL ORDER BY id"
            ).map {
                try $0.decode(String.self)
            }
            #expect(
                audit == [
                    "webhook test", "webhook-secret show", "webhook test", "webhook test", "webhook-secret show",
                    "webhook-secret show", "webhook-secret rotate", "webhook-secret show", "webhook-secret show",
                    "webhook replay", "webhook replay", "webhook replay",
                ])
            let details = try await deployment.tenants.owner.query(
                "SELECT details->>'since', details->>'until', details->>'count' FROM audit_log ORDER BY id DESC LIMIT 1"
            )
            let last = try details[0].decode(String.self, String.self, String.self)
            #expect(last == ("2026-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z", "1"))
        }
    }
}

import Egress
import Foundation
import MediaSimulator
import Postgres
import Tenancy
import TestSupport
import Testing

/// Statements and estimates as customers get them.
@Suite struct AccountStatementTests {
    @Test func `a closed month stays as it was, byte for byte, whatever is renamed; the open one is provisional`()
        async throws
    {
        try await Deployment.with { deployment in
            let scene = BilledMonth(tenants: deployment.tenants)
            try await scene.bill()
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let id = deployment.tenants.example.rawValue
            for arguments in [
                [
                    "seller", "set", "--name", "Verbatim <Inc>", "--address", "1 Main Street\nSpringfield", "--tax-id",
                    "12-345",
                ],
                [
                    "tenant", "set", id, "--billing-name", "Müller & Söhne", "--tax-id", "DE123", "--reference",
                    "PO 4711",
                ],
                ["usage", "close", "--period", "2026-10", "--yes"],
            ] {
                let result = try await deployment.admin(arguments)
                try #require(result.status == 0, "\(result.errors)")
            }
            func get(_ format: String) async throws -> Answer {
                let answer = try await customer.get("/statements/2026-10?format=\(format)")
                #expect(answer.status == 200)
                return answer
            }
            let exported = try await deployment.admin("usage", "export", "--period", "2026-10", "--tenant", id)
            #expect(try await get("csv").text == exported.output)
            #expect(
                exported.output.hasSuffix(
                    ",1,pro,10,667,11.12,67,1.12,40000,4,0,4,0.04,0.00,0.04,USD,"
                        + (try await Self.closedAt(deployment))
                        + "\r\n"), "\(exported.output)")
            let excel = try await deployment.admin("usage", "export", "--period", "2026-10", "--tenant", id, "--excel")
            #expect(Array(excel.output.utf8.prefix(3)) == [0xEF, 0xBB, 0xBF])
            #expect(excel.output.unicodeScalars.dropFirst().elementsEqual(exported.output.unicodeScalars))

            let before = [try await get("json").body, try await get("csv").body, try await get("html").body]
            let json = try await get("json").json
            #expect(json["number"] as? String == "2026-10-\(id.suffix(8))")
            #expect(json["provisional"] as? Bool == false && json["total_cents"] as? Int == 4)
            #expect((json["seller"] as? [String: Any])?["name"] as? String == "Verbatim <Inc>")
            #expect((json["customer"] as? [String: Any])?["name"] as? String == "Müller & Söhne")
            let html = try await get("html").text
            #expect(
                html.contains("Müller &amp; Söhne") && html.contains("Verbatim &lt;Inc&gt;") && html.contains("PO 4711")
            )
            #expect(!html.contains("http") && !html.contains("<script"))

            for arguments in [
                ["seller", "set", "--name", "Other Inc."], ["tenant", "rename", id, "--name", "Renamed"],
                ["tenant", "set", id, "--billing-name", "", "--reference", "PO 1"],
                ["plan", "set", "pro", "--monthly-minutes", "7"],
            ] {
                let result = try await deployment.admin(arguments)
                try #require(result.status == 0, "\(result.errors)")
            }
            let after = [try await get("json").body, try await get("csv").body, try await get("html").body]
            #expect(after == before)

            let list = try await customer.get("/statements").json["statements"] as? [[String: Any]] ?? []
            #expect(list.first?["provisional"] as? Bool == true)
            #expect(list.first { $0["period"] as? String == "2026-10" }?["total_cents"] as? Int == 4)
            let current = try #require(list.first?["period"] as? String)
            let open = try await customer.get("/statements/\(current)").json
            #expect(open["provisional"] as? Bool == true)
            #expect((open["seller"] as? [String: Any])?["name"] as? String == "Other Inc.")
            #expect((open["customer"] as? [String: Any])?["name"] as? String == "Renamed")
            let page = try await customer.get("/statements?limit=1").json
            #expect((page["statements"] as? [Any])?.count == 1)
            let next = try await customer.get("/statements?limit=1&cursor=\(page["next_cursor"] as? String ?? "")").json
            #expect((next["statements"] as? [[String: Any]])?.first?["period"] as? String != current)

            for path in ["/statements/2999-01", "/statements/2025-12", "/statements/october"] {
                #expect(try await customer.get(path).problem(404)["error"] as? String == "not_found", "\(path)")
            }
            #expect(
                try await customer.get("/statements/2026-10?format=pdf").problem(400)["field"] as? String == "format")
            #expect(try await customer.get("/statements?limit=0").problem(400)["field"] as? String == "limit")
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            #expect(!(try await charlie.get("/statements/2026-10?format=csv").text.contains("667")))
        }
    }

    private static func closedAt(_ deployment: Deployment) async throws -> String {
        try await deployment.tenants.owner.query(
            "SELECT closed_at FROM usage_months WHERE month = '2026-10' AND tenant_id = \(deployment.tenants.example)"
        )[0].decode(Timestamp.self).rfc3339
    }

    @Test func `an estimate says what a job would cost, and changes nothing`() async throws {
        try await Deployment.with { deployment in
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled, overage_cap_cents)
                VALUES (\(deployment.tenants.example), 10, true, 100)
                """)
            let site = try MediaSimulator([:])
            site["/a.mp3"] = .init(type: "audio/mpeg", body: [UInt8](repeating: 0, count: 160_000))
            site["/page"] = .text("<!doctype html>")
            let node = try await deployment.start("api", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let customer = try await deployment.customer(at: node)
            func estimate(_ body: String, _ query: String = "") async throws -> Answer {
                try await customer.send("POST", "/jobs/estimate\(query)", json: body)
            }
            let within = try await estimate(#"{"duration_seconds":599.2,"diarize":false}"#).json
            #expect(within["seconds"] as? Int == 600 && within["accepted"] as? Bool == true)
            #expect(within["left_seconds"] as? Int == 600 && within["overage_seconds"] as? Int == 0)
            let beyond = try await estimate(#"{"duration_seconds":1200}"#).json
            #expect(beyond["accepted"] as? Bool == false && beyond["limit"] as? String == "monthly_minutes")
            #expect(beyond["overage_allowed"] as? Bool == true && beyond["overage_cents"] as? Int == 40)
            let bought = try await estimate(#"{"duration_seconds":1200}"#, "?accept_overage=true").json
            #expect(bought["accepted"] as? Bool == true && bought["included_seconds"] as? Int == 600)
            let capped = try await estimate(#"{"duration_seconds":3600}"#, "?accept_overage=true").json
            #expect(capped["accepted"] as? Bool == false && capped["limit"] as? String == "overage_cap")
            let long = try await estimate(#"{"duration_seconds":36001}"#, "?accept_overage=true").json
            #expect(long["accepted"] as? Bool == false)
            let guessed = try await estimate(#"{"source_url":"\#(site.url)/a.mp3"}"#).json
            #expect(guessed["seconds"] as? Int == 10 && guessed["approximate"] as? Bool == true)
            #expect(site.requests.allSatisfy { $0.method == "HEAD" })
            #expect(try await estimate(#"{"source_url":"\#(site.url)/page"}"#).json["seconds"] is NSNull)
            for (body, field) in [
                ("{}", "duration_seconds"), (#"{"duration_seconds":-1}"#, "duration_seconds"),
                (#"{"duration_seconds":"60"}"#, "duration_seconds"), (#"{"duration_seconds":60,"colour":1}"#, "colour"),
                (#"{"duration_seconds":60,"source_url":"https://a.example/"}"#, "duration_seconds"),
                (#"{"source_url":7}"#, "source_url"),
            ] {
                #expect(try await estimate(body).problem(400)["field"] as? String == field, "\(body)")
            }
            #expect(
                try await estimate(#"{"source_url":"file:///etc/passwd"}"#).status != 200)
            let rows = try await deployment.tenants.owner.query(
                "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM reservations)")
            #expect(try rows[0].decode(Int.self) == 0)
        }
    }
}

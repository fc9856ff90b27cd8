import Egress
import Foundation
import Postgres
import TestSupport
import Testing

/// What the API tells a customer of its month, and anyone of the plans.
@Suite struct UsageTests {
    @Test func `the API shows a customer its month, and anyone the plans`() async throws {
        try await Deployment.with { deployment in
            let scene = BilledMonth(tenants: deployment.tenants)
            try await scene.bill()
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let october = try await alice.get("/usage?period=2026-10")
            #expect(october.status == 200)
            #expect(october.headers["Cache-Control"] == "no-store")
            let usage = try october.json
            let numbers = [
                "included_minutes": 10, "used_seconds": 667, "reserved_seconds": 0, "overage_seconds": 67,
                "overage_amount_cents": 4,
            ]
            for (name, number) in numbers { #expect(usage[name] as? Int == number, "\(name)") }
            #expect(usage["overage_amount"] as? String == "0.04")
            #expect(usage["left_minutes"] as? Double == 0)
            #expect(usage["overage_enabled"] as? Bool == true)
            #expect((usage["concurrency"] as? [String: Int]) == ["limit": 20, "in_use": 0, "waiting": 0])

            let now = try await alice.get("/usage").json
            #expect(now["period"] as? String == String(Timestamp.now().rfc3339.prefix(7)))
            #expect(now["used_seconds"] as? Int == 0)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            #expect(try await charlie.get("/usage?period=2026-10").json["used_seconds"] as? Int == 0)

            for period in ["2026-13", "", "november", "2026-10-01"] {
                let problem = try await alice.get("/usage?period=\(period)").problem(400)
                #expect(problem["error"] as? String == "invalid_request")
                #expect(problem["field"] as? String == "period")
            }
            let anyone = Customer(node: node, http: deployment.http, token: "")
            #expect(try await anyone.get("/usage").problem(401)["error"] as? String == "invalid_token")
            let plans = try await anyone.get("/plans")
            #expect(plans.status == 200)
            #expect(plans.headers["Cache-Control"] == "public, max-age=300")
            let rows = try #require(try plans.json["plans"] as? [[String: Any]])
            #expect(rows.map { $0["name"] as? String } == ["free", "pro", "business"])
            #expect(rows.map { $0["overage_rate"] as? String } == [nil, "0.04", "0.02"])
            #expect(rows.map { $0["max_file_bytes"] as? Int } == [100_000_000, 2_000_000_000, 5_000_000_000])
            #expect(rows.map { $0["queue"] as? String } == ["normal", "normal", "priority"])
        }
    }
}

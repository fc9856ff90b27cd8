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

    @Test func `a customer sees which key and which project used the minutes`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let (first, second) = (try await deployment.customer(at: node), try await deployment.customer(at: node))
            let keys = try await deployment.tenants.owner.query(
                "SELECT id FROM api_keys WHERE tenant_id = \(deployment.tenants.example) ORDER BY created_at, id"
            ).map { try $0.decode(String.self) }
            let north = ["metadata": #"{"project":"north"}"#]
            let jobs = [
                try await first.submit(file: Recordings.clip("0880"), fields: north),
                try await first.submit(file: Recordings.clip("0930")),
                try await second.submit(file: Recordings.clip("0880"), fields: north),
            ]
            for job in jobs { #expect(try await first.finished(job)["status"] as? String == "completed") }
            let documents = [
                try await first.get("/jobs/\(jobs[0])").json, try await first.get("/jobs/\(jobs[2])").json,
            ]
            #expect(Set(documents.compactMap { $0["key_id"] as? String }) == Set(keys))
            let total = try #require(try await first.get("/usage").json["used_seconds"] as? Int)

            func groups(_ query: String) async throws -> [String?: (jobs: Int, seconds: Int)] {
                let rows = try #require(try await first.get("/usage?\(query)").json["groups"] as? [[String: Any]])
                #expect(rows.reduce(0) { $0 + ($1["used_seconds"] as? Int ?? 0) } == total)
                return Dictionary(
                    uniqueKeysWithValues: rows.map {
                        ($0["value"] as? String, ($0["jobs"] as? Int ?? 0, $0["used_seconds"] as? Int ?? 0))
                    })
            }
            let byKey = try await groups("group_by=key")
            #expect(byKey.count == 2 && Set(byKey.keys.compactMap(\.self)) == Set(keys))
            #expect(byKey.values.map(\.jobs).sorted() == [1, 2])
            #expect(try await groups("group_by=day").count == 1)
            let byProject = try await groups("group_by=metadata.project")
            #expect(byProject.count == 2 && byProject["north"]?.jobs == 2 && byProject[nil]?.jobs == 1)

            #expect(try await first.send("DELETE", "/jobs/\(jobs[0])").status == 204)
            let byDay = try await first.get("/usage?group_by=key&interval=day").json
            for group in try #require(byDay["groups"] as? [[String: Any]]) {
                // The jobs may have been submitted on both sides of midnight.
                let days = try #require(group["days"] as? [[String: Any]])
                #expect(days.reduce(0) { $0 + ($1["used_seconds"] as? Int ?? 0) } == group["used_seconds"] as? Int)
                #expect(days.reduce(0) { $0 + ($1["jobs"] as? Int ?? 0) } == group["jobs"] as? Int)
                #expect(days.allSatisfy { $0["day"] is String && $0["overage_seconds"] as? Int == 0 })
            }
            #expect(try await groups("interval=day").count == groups("group_by=day").count)
            let afterward = try await groups("group_by=metadata.project")
            #expect(afterward["north"]?.jobs == 1 && afterward[nil]?.jobs == 2)

            // A page at a time: the same groups.
            var (cursor, values): (String?, [String?]) = ("", [])
            while let next = cursor {
                let page = try await first.get("/usage?group_by=metadata.project&limit=1&cursor=\(next)").json
                values += try #require(page["groups"] as? [[String: Any]]).map { $0["value"] as? String }
                cursor = page["next_cursor"] as? String
            }
            #expect(values == ["north", nil])

            for (query, field) in [
                ("group_by=project", "group_by"), ("group_by=", "group_by"), ("group_by=metadata.", "group_by"),
                ("group_by=key&interval=hour", "interval"), ("group_by=key&interval=", "interval"),
                ("group_by=key&limit=0", "limit"), ("group_by=key&limit=1001", "limit"),
                ("group_by=key&cursor=%00", "cursor"), ("group_by=key&cursor=eA", "cursor"),
            ] {
                let problem = try await first.get("/usage?\(query)").problem(400)
                #expect(problem["field"] as? String == field, "\(query)")
            }
            let admin = try await deployment.admin(
                "usage", "export", "--period", String(Timestamp.now().rfc3339.prefix(7)), "--detail")
            let lines = admin.output.split(separator: "\r\n")
            #expect(lines.first?.hasSuffix(",key_id,key_name") == true)
            for line in lines.dropFirst() {
                #expect(keys.contains { line.hasSuffix(",\($0),test") }, "\(line)")
            }
            #expect(
                try await deployment.admin("usage", "verify", "--period", String(Timestamp.now().rfc3339.prefix(7)))
                    .status == 0)
        }
    }
}

import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// What was corrected, why and by whom; what one job costs; and whose statement it is when the account is gone.
@Suite struct AdjustmentCommandTests {
    private static let period = ["--period", "2026-10"]

    private static func with(_ body: (Operator) async throws -> Void) async throws {
        try await Operator.with { olga in
            try await olga.tenants.owner.execute("UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'")
            try await body(olga)
        }
    }

    private static func adjust(
        _ olga: Operator, _ tenant: String, period: String = "2026-10", cents: String, reason: String, as name: String
    ) async throws {
        let result = try await olga.call(
            "usage", "adjust", "--tenant", tenant, "--period", period, "--amount-cents", cents, "--reason", reason,
            "--as", name)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func `adjustments can be read back everywhere, with their reason and author`() async throws {
        try await Self.with { olga in
            try await Self.adjust(olga, olga.example, cents: "-500", reason: "Outage, of 12 October", as: "otto")
            try await Self.adjust(olga, olga.example, cents: "25", reason: "=late fee", as: "olga")
            try await Self.adjust(olga, olga.other, period: "2026-09", cents: "7", reason: "other", as: "otto")

            let all = try await olga.list("usage", "adjustments")
            #expect(Set(all.compactMap { $0["reason"] as? String }) == ["Outage, of 12 October", "=late fee", "other"])
            let listed = try await olga.list("usage", "adjustments", "--period", "2026-10", "--tenant", olga.example)
            #expect(listed.map { $0["amount_cents"] as? Int } == [-500, 25])
            #expect(listed.map { $0["author"] as? String } == ["otto", "olga"])
            #expect(
                listed.allSatisfy { $0["tenant_id"] as? String == olga.example && $0["period"] as? String == "2026-10" }
            )
            #expect(listed.allSatisfy { ($0["created_at"] as? String).flatMap { Timestamp(rfc3339: $0) } != nil })
            #expect(try await olga.list("usage", "adjustments", "--period", "2026-08").isEmpty)
            let text = try await olga.call("usage", "adjustments", "--tenant", olga.other).output
            #expect(text.contains("0.07") && text.contains("otto") && !text.contains("Outage"))

            let report = try await olga.list("usage", "report", "--period", "2026-10")
            let row = try #require(report.first { $0["tenant_id"] as? String == olga.example })
            #expect(row["adjustments_cents"] as? Int == -475)
            let entries = try #require(row["adjustment_entries"] as? [[String: Any]])
            #expect(entries.map { $0["reason"] as? String } == ["Outage, of 12 October", "=late fee"])
            let others = report.filter { $0["tenant_id"] as? String != olga.example }
            #expect(others.count == 1 && (others[0]["adjustment_entries"] as? [Any])?.isEmpty == true)
            let table = try await olga.call(["usage", "report"] + Self.period).output
            #expect(table.contains("-5.00") && table.contains("Outage, of 12 October") && table.contains("otto"))

            let csv = try await olga.call(["usage", "export", "--adjustments"] + Self.period).output
            let lines = csv.split(separator: "\r\n").map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0] == "tenant_id,period,adjustment,created_at,amount_cents,amount,currency,reason,author")
            #expect(lines[1].hasPrefix("\(olga.example),2026-10,"))
            #expect(lines[1].hasSuffix(#",-500,-5.00,USD,"Outage, of 12 October",otto"#))
            #expect(lines[2].hasSuffix(",25,0.25,USD,'=late fee,olga"))
            let json = try await olga.list("usage", "export", "--adjustments", "--period", "2026-10")
            #expect(json.map { $0["amount_cents"] as? Int } == [-500, 25])
            let none = try await olga.call("usage", "export", "--adjustments", "--period", "2026-08").output
            #expect(none == lines[0] + "\r\n")
            #expect(try await olga.call(["usage", "export", "--adjustments", "--detail"] + Self.period).status == 64)

            #expect(
                try await olga.audit().first
                    == #"otto | usage adjust | 2026-10 -5.00 USD | {"reason": "Outage, of 12 October"}"#)
            #expect(
                try await olga.list("audit").last?["details"] as? [String: String] == [
                    "reason": "Outage, of 12 October"
                ])
        }
    }

    /// A job of 100 s that was billed in October, where the month includes so many seconds.
    private static func bill(_ olga: Operator, included: Int) async throws -> JobID {
        let example = olga.tenants.example
        let job = try await JobScene.insert(.completed, of: example, into: olga.tenants)
        try await olga.tenants.owner.transaction { transaction in
            try transaction.execute(
                "INSERT INTO usage_months (tenant_id, month, used_seconds, admissions) VALUES (\(example), '2026-10', 101, 1)"
            )
            try transaction.execute(
                """
                UPDATE jobs SET samples_total = 1600001, created_at = '2026-10-15T00:00:00Z' WHERE id = \(job)
                """)
            try transaction.execute(
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at)
                VALUES (\(example), '2026-10', 1, \(job), 101, 'pro', \(included), true, 40000, '2026-10-15T00:00:00Z')
                """)
        }
        return job
    }

    @Test func `a job shows its length, what of it is billed, what of that is overage, and at which rate`() async throws
    {
        try await Self.with { olga in
            let job = try await Self.bill(olga, included: 60)
            let shown = try await olga.object("job", "show", job.rawValue)
            #expect(shown["duration_seconds"] as? Double == 100)
            #expect(shown["used_seconds"] as? Int == 101)
            let bill = try #require(shown["bill"] as? [String: Any])
            #expect(bill["overage_seconds"] as? Int == 41)
            #expect(bill["rate_micros_per_minute"] as? Int == 40_000)
            #expect(bill["accept_overage"] as? Bool == true)
            #expect((bill["period"] as? String, bill["plan"] as? String) == ("2026-10", "pro"))
            let text = try await olga.call("job", "show", job.rawValue).output
            for words in ["billed", "101 s", "41 s", "0.04 USD a minute"] { #expect(text.contains(words), "\(words)") }

            let failed = try await JobScene.insert(.failed, of: olga.tenants.example, into: olga.tenants)
            #expect(try await olga.object("job", "show", failed.rawValue)["bill"] == nil)
        }
    }

    @Test func `a deleted account's name stays on its statements and nowhere else; without a bill it goes`()
        async throws
    {
        try await Self.with { olga in
            let tenants = olga.tenants
            for (id, name) in [(tenants.example, "Zwetschge Ltd"), (tenants.other, "Holunder Ltd")] {
                try await tenants.owner.execute("UPDATE tenants SET name = \(name) WHERE id = \(id)")
            }
            _ = try await Self.bill(olga, included: 600)
            func names(_ period: String) async throws -> [String: String] {
                let rows = try await olga.list("usage", "report", "--period", period)
                return Dictionary(
                    rows.compactMap { row in
                        (row["tenant_id"] as? String).flatMap { id in (row["tenant_name"] as? String).map { (id, $0) } }
                    }
                ) { $1 }
            }
            #expect(try await olga.call("usage", "close", "--period", "2026-10", "--yes").status == 0)
            let before = try await names("2026-10")
            let export = try await olga.call("usage", "export", "--period", "2026-10").output
            for account in [olga.example, olga.other] {
                #expect(try await olga.call("tenant", "delete", account, "--yes").status == 0)
            }
            // Also said again.
            #expect(try await olga.call("tenant", "delete", olga.example, "--yes").status == 0)
            #expect(before[olga.example] == "Zwetschge Ltd")
            #expect(try await names("2026-10") == [olga.example: "Zwetschge Ltd", olga.other: "deleted"])
            #expect(try await olga.call("usage", "export", "--period", "2026-10").output == export)
            #expect(
                try await MarkerSearch.places(of: "Zwetschge", in: tenants) == [
                    "deleted_tenant_names.name", "statement_parties.customer",
                ])
            #expect(try await MarkerSearch.places(of: "Holunder", in: tenants) == [])
            for command in [["tenant", "list"], ["tenant", "show", olga.example], ["audit"]] {
                #expect(!(try await olga.call(command).output.contains("Zwetschge")), "\(command)")
            }
            let told = try await olga.call("tenant", "export", olga.example).output
            #expect(told.contains(#"{"type":"statement_name","name":"Zwetschge Ltd"}"#), "\(told)")
            // Nobody of the service's may read it.
            for pool in [tenants.databases.app, tenants.databases.system] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.query("SELECT name FROM deleted_tenant_names")
                }
                #expect(error?.sqlState == "42501")
            }
        }
    }
}

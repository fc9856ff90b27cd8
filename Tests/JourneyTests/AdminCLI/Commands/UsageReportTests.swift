import Foundation
import Postgres
import TestSupport
import Testing

/// `verbatim-admin usage report` and `export`, and calls of `usage` that are wrong.
@Suite struct UsageReportTests {
    @Test func `the report says what each account owes, to machines and to people`() async throws {
        try await BilledMonth.with { scene in
            let rows = try await scene.json("report", "--period", "2026-10", "--json")
            #expect(rows.count == 2)
            let row = try #require(rows.first { $0["tenant_id"] as? String == scene.example })
            let numbers = [
                "included_minutes": 10, "used_seconds": 667, "overage_seconds": 67, "rate_micros_per_minute": 40_000,
                "amount_cents": 4, "adjustments_cents": 0, "total_cents": 4, "line": 1,
            ]
            for (name, number) in numbers { #expect(row[name] as? Int == number, "\(name)") }
            #expect(row["period"] as? String == "2026-10")
            #expect(row["tenant_name"] as? String == "Example")
            #expect(row["closed_at"] is NSNull)
            #expect(row["used_minutes"] as? Double == 11.12)
            let text = try await scene.admin("report", "--period", "2026-10", "--tenant", scene.example)
            #expect(text.status == 0)
            let lines = text.output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[1].hasPrefix(scene.example) && lines[1].contains("11.12") && lines[1].hasSuffix("open"))
            #expect(lines[2].hasPrefix("TOTAL") && lines[2].contains("0.04"))
        }
    }

    @Test func `the detail shows jobs, seconds and rates, and nothing that a spreadsheet would run`() async throws {
        try await BilledMonth.with { scene in
            let csv = try await scene.admin("export", "--period", "2026-10", "--format", "csv", "--detail").output
            let lines = csv.split(separator: "\r\n").map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0].hasSuffix(",metadata.team,metadata,key_id,key_name"))
            #expect(lines[2].hasSuffix("2026-11-01T00:10:00.000Z,77,pro,600,40000,true,67,'=A1,,,"))
            let rows = try await scene.json("export", "--period", "2026-10", "--format", "json", "--detail")
            #expect(rows.map { $0["overage_seconds"] as? Int } == [0, 67])
            #expect((rows[0]["metadata"] as? [String: String]) == ["team": "=A1"])
            let none = try await scene.admin("export", "--period", "2026-09", "--format", "json", "--detail")
            #expect(none.output == "[]\n")
            let empty = try await scene.admin("export", "--period", "2025-12", "--format", "csv").output
            #expect(empty.hasPrefix("tenant_id,period,") && empty.hasSuffix("closed_at\r\n"))
        }
    }

    private static let wrongCalls: [(arguments: [String], status: Int32)] = [
        (["report"], 64), (["report", "--period", "2026-13"], 64),
        (["export", "--period", "2026-10", "--format", "xml"], 64),
        (["report", "--period", "2026-10", "--tenant", "ten_01M838NEQVMJ0RCZR3A9GJMFEQ"], 1),
        (["verify", "--period", "2026-10", "--tenant", "ten_01M838NEQVMJ0RCZR3A9GJMFEQ"], 1),
        (["close", "--period", "2998-01", "--yes"], 1),
        (["adjust", "--tenant", "EXAMPLE", "--period", "2026-10", "--amount-cents", "0", "--reason", "x"], 64),
        (["adjust", "--tenant", "EXAMPLE", "--period", "2026-10", "--amount-cents", "1.5", "--reason", "x"], 64),
        (["adjust", "--tenant", "EXAMPLE", "--period", "2026-10", "--amount-cents", "1", "--reason", " "], 64),
        (["adjust", "--tenant", "EXAMPLE", "--period", "2998-01", "--amount-cents", "1", "--reason", "x"], 1),
        (["adjust", "--tenant", "EXAMPLE", "--period", "2025-12", "--amount-cents", "1", "--reason", "x"], 1),
        // Months that have not begun, and months before the account, or any.
        (["report", "--period", "2998-01"], 1), (["export", "--period", "2998-01"], 1),
        (["verify", "--period", "2998-01"], 1), (["report", "--period", "2025-12", "--tenant", "EXAMPLE"], 1),
        (["export", "--period", "2025-12", "--tenant", "EXAMPLE"], 1),
        (["verify", "--period", "2025-12", "--tenant", "EXAMPLE"], 1), (["verify", "--period", "2025-12"], 1),
        (["close", "--period", "2025-12", "--yes"], 1),
    ]

    @Test func `a wrong call says so, ends with its status and changes nothing`() async throws {
        try await BilledMonth.with { scene in
            for call in Self.wrongCalls {
                let result = try await Operator(tenants: scene.tenants).call(
                    ["usage"] + call.arguments.map { $0 == "EXAMPLE" ? scene.example : $0 })
                #expect(result.status == call.status, "\(call.arguments): \(result.errors)")
                #expect(!result.errors.isEmpty && result.output.isEmpty, "\(call.arguments)")
            }
            let changes = try await scene.tenants.owner.query(
                "SELECT (SELECT count(*) FROM adjustments) + (SELECT count(*) FROM audit_log)"
            ).map { try $0.decode(Int.self) }
            #expect(changes == [0])
        }
    }
}

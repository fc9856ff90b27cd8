import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// `verbatim-admin usage …` through the real executable: the month's end as finance sees it.
@Suite struct UsageCommandTests {
    private struct Scene {
        let tenants: Tenants
        var example: String { tenants.example.rawValue }

        func admin(_ arguments: String...) async throws -> Command.Result {
            try await Command.run(
                Checkout.executable("verbatim-admin"), ["usage"] + arguments,
                environment: ["VERBATIM_DATABASE_URL": tenants.database.url, "USER": "olga"])
        }

        func json(_ arguments: String...) async throws -> [[String: Any]] {
            let result = try await Command.run(
                Checkout.executable("verbatim-admin"), ["usage"] + arguments,
                environment: ["VERBATIM_DATABASE_URL": tenants.database.url])
            return try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]], "\(result)")
        }

        /// Jobs that were billed in October, as the pipeline leaves them: 667 s of 10 minutes, those beyond at 4 cents.
        func bill() async throws {
            let example = tenants.example
            try await tenants.owner.transaction { transaction in
                try transaction.execute("UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'")
                try transaction.execute(
                    "INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled) VALUES (\(example), 10, true)"
                )
                try transaction.execute(
                    """
                    INSERT INTO usage_months (tenant_id, month, used_seconds, admissions)
                    VALUES (\(example), '2026-10', 667, 2)
                    """)
                for (number, seconds) in [(1, 590), (2, 77)] {
                    let job = "job_01M838NEQVMJ0RCZR3A9GJMFE\(number)"
                    try transaction.execute(
                        """
                        INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested,
                            metadata, max_duration_ms, source_type, samples_total)
                        VALUES (\(example), \(job), 'completed', '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z', true, 'auto',
                            '{"team":"=A1"}', 1, 'upload', \(seconds * 16_000 - 1))
                        """)
                    try transaction.execute(
                        """
                        INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds,
                            accept_overage, rate_micros_per_minute, admitted_at, settled_at)
                        VALUES (\(example), '2026-10', \(number), \(job), \(seconds), 'pro', 600, true, 40000,
                            '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z')
                        """)
                }
            }
        }
    }

    private static func with(_ body: (Scene) async throws -> Void) async throws {
        try await Tenants.with { tenants in
            let scene = Scene(tenants: tenants)
            try await scene.bill()
            try await body(scene)
        }
    }

    @Test func `the report says what each account owes, to machines and to people`() async throws {
        try await Self.with { scene in
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

    @Test func `the month's end: verify, adjust, close, and the same bytes ever after`() async throws {
        try await Self.with { scene in
            let month = ["--period", "2026-10"]
            #expect(try await scene.admin("verify", "--period", "2026-10").output.contains("agree"))
            let adjusted = try await scene.admin(
                "adjust", "--tenant", scene.example, "--period", "2026-10", "--amount-cents", "-3", "--reason",
                "Outage",
                "--json", "--as", "otto")
            #expect(adjusted.status == 0, "\(adjusted.errors)")
            #expect(adjusted.output.contains(#""adjustments_cents":-3"#))
            #expect(
                try await scene.json("report", month[0], month[1], "--json").compactMap { $0["total_cents"] as? Int }
                    .sorted() == [0, 1])

            let unasked = try await scene.admin("close", "--period", "2026-10")
            #expect(unasked.status == 1)
            #expect(unasked.errors.contains("--yes"))
            let closed = try await scene.admin("close", "--period", "2026-10", "--yes")
            #expect(closed.status == 0, "\(closed.errors)")
            #expect(closed.output == "Closed 2026-10: 2 statements.\n")
            let export = try await scene.admin("export", "--period", "2026-10", "--format", "csv")
            #expect(export.output.contains(",4,-3,1,0.04,-0.03,0.01,USD,20"))
            #expect(export.output.utf8.filter { $0 == 13 }.count == 3)

            // Two forms at once are none.
            let both = try await scene.admin("export", "--period", "2026-10", "--format", "csv", "--json")
            #expect(both.status == 64 && both.output.isEmpty)
            #expect(both.errors.contains("--format csv and --json contradict each other"))
            let json = try await scene.admin("export", "--period", "2026-10", "--format", "json", "--json")
            #expect(json.status == 0 && json.output.hasPrefix("["))

            try await scene.tenants.owner.execute("UPDATE tenants SET plan = 'free', name = 'Renamed'")
            try await scene.tenants.owner.execute("DELETE FROM quota_overrides")
            #expect(try await scene.admin("export", "--period", "2026-10").output == export.output)
            #expect(
                try await scene.json("report", month[0], month[1], "--json").allSatisfy { $0["closed_at"] is String })
            let again = try await scene.admin("close", "--period", "2026-10")
            #expect(again.status == 0)
            #expect(again.output == "2026-10 is closed already.\n")
            #expect(try await scene.admin("verify", "--period", "2026-10").status == 0)
            let late = try await scene.admin(
                "adjust", "--tenant", scene.example, "--period", "2026-10", "--amount-cents=5", "--reason", "late")
            #expect(late.status == 1)
            #expect(late.errors.contains("adjust a month that is open"))

            let audit = try await scene.tenants.owner.query(
                "SELECT operator || ': ' || action || ' ' || target FROM audit_log ORDER BY id"
            ).map { try $0.decode(String.self) }
            #expect(audit == ["otto: usage adjust 2026-10 -0.03 USD", "olga: usage close 2026-10"])
        }
    }

    /// A job of the other account's that waits since October.
    private static func submit(_ scene: Scene) async throws -> String {
        let (id, tenant, tenants) = (JobID(), scene.tenants.other, scene.tenants)
        let october = try #require(Timestamp(rfc3339: "2026-10-20T12:00:00Z"))
        let admission = Admission(
            databases: tenants.databases,
            hint: QueueHint(databases: tenants.databases, logger: Logger(label: "test")), clock: { october })
        return try await admission.admit(
            Submission(
                id: id, tenant: tenant, options: JobOptions(), fileName: nil, bytes: 1, estimatedMilliseconds: 60_000,
                channels: 1, sourceKey: .source(of: id, tenant: tenant))
        ).id.rawValue
    }

    private static func status(of job: String, _ scene: Scene) async throws -> String {
        try await scene.tenants.owner.query("SELECT status FROM jobs WHERE id = \(job)")[0].decode(String.self)
    }

    @Test func `a suspended account's waiting jobs are cancelled when the month is closed, and nobody is billed`()
        async throws
    {
        try await Self.with { scene in
            let olga = Operator(tenants: scene.tenants)
            let jobs = [try await Self.submit(scene), try await Self.submit(scene)]
            let close = ["usage", "close", "--period", "2026-10"]
            // They wait for a slot, and would end by themselves.
            let waiting = try await olga.call(close + ["--yes"])
            #expect(waiting.status == 1)
            for job in jobs { #expect(waiting.errors.contains(job)) }

            #expect(try await olga.call("tenant", "suspend", olga.other, "--yes").status == 0)
            let unasked = try await olga.call(close)
            #expect(unasked.status == 1 && unasked.errors.contains("--yes"))
            let no = try await olga.callAtTerminal(close, typing: "n")
            #expect(no.status == 1)
            #expect(
                no.output.contains(
                    "wait for suspended accounts are cancelled first (\(olga.other): 2; \(jobs.joined(separator: ", ")))"
                ))
            // A yes to the closing alone is none to that.
            let silent = try await olga.call(close + ["--yes"])
            #expect(silent.status == 1 && silent.errors.contains("--cancel-suspended"))
            for job in jobs { #expect(silent.errors.contains(job)) }
            // What is off elsewhere keeps the month open, and costs them nothing.
            let example = scene.tenants.example
            let counter: PostgresQuery = "UPDATE usage_months SET used_seconds = used_seconds"
            try await scene.tenants.owner.execute("\(counter) + 1 WHERE tenant_id = \(example)")
            #expect(try await olga.call(close + ["--yes"]).errors.contains("expected 667, found 668"))
            try await scene.tenants.owner.execute("\(counter) - 1 WHERE tenant_id = \(example)")
            for job in jobs { #expect(try await Self.status(of: job, scene) == "queued") }

            let closed = try await olga.object("usage", "close", "--period", "2026-10", "--yes", "--cancel-suspended")
            #expect(closed["statements"] as? Int == 2)
            #expect(closed["cancelled_jobs"] as? [String] == jobs)
            for job in jobs { #expect(try await Self.status(of: job, scene) == "cancelled") }
            #expect(try await scene.admin("verify", "--period", "2026-10").status == 0)
            let rows = try await scene.json("report", "--period", "2026-10", "--json")
            let other = try #require(rows.first { $0["tenant_id"] as? String == olga.other })
            #expect(other["used_seconds"] as? Int == 0)
            #expect(other["total_cents"] as? Int == 0)

            #expect(try await olga.call("tenant", "resume", olga.other).status == 0)
            #expect(try await TaskQueue(databases: scene.tenants.databases, worker: "w").claim(limit: 5).isEmpty)
            let audit = try await olga.audit()
            #expect(
                audit.filter { $0.contains("job cancel") }
                    == jobs.map { #"olga | job cancel | \#($0) | {"because": "usage close 2026-10"}"# })
        }
    }

    @Test func `what does not agree is told line by line, and is in the way of closing`() async throws {
        try await Self.with { scene in
            try await scene.tenants.owner.execute("UPDATE usage_months SET used_seconds = 668")
            let verified = try await scene.admin("verify", "--period", "2026-10")
            #expect(verified.status == 1)
            #expect(
                verified.output == "\(scene.example): the month's counter of used seconds: expected 667, found 668\n")
            let rows = try await scene.json("verify", "--period", "2026-10", "--json")
            #expect(rows.count == 1)
            #expect(rows.first?["expected"] as? String == "667")
            let closed = try await scene.admin("close", "--period", "2026-10", "--yes")
            #expect(closed.status == 1)
            #expect(closed.errors.contains("expected 667, found 668"))
            #expect(
                try await scene.admin("verify", "--period", "2026-10", "--tenant", scene.tenants.other.rawValue).status
                    == 0)
        }
    }

    @Test func `a job that still runs is named when its month is to be closed`() async throws {
        try await Self.with { scene in
            let example = scene.tenants.example
            try await scene.tenants.owner.execute(
                """
                INSERT INTO jobs (tenant_id, id, created_at, diarize, language_requested, max_duration_ms, source_type)
                VALUES (\(example), 'job_01M838NEQVMJ0RCZR3A9GJMFE9', '2026-10-01T00:00:00Z', true, 'auto', 1, 'upload')
                """)
            let closed = try await scene.admin("close", "--period", "2026-10", "--yes")
            #expect(closed.status == 1)
            #expect(closed.errors.contains("1 of its jobs are unfinished: job_01M838NEQVMJ0RCZR3A9GJMFE9"))
        }
    }

    @Test func `the detail shows jobs, seconds and rates, and nothing that a spreadsheet would run`() async throws {
        try await Self.with { scene in
            let csv = try await scene.admin("export", "--period", "2026-10", "--format", "csv", "--detail").output
            let lines = csv.split(separator: "\r\n").map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0].hasSuffix(",metadata.team,metadata"))
            #expect(lines[2].hasSuffix("2026-11-01T00:10:00.000Z,77,pro,600,40000,true,67,'=A1,"))
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
        try await Self.with { scene in
            for call in Self.wrongCalls {
                let result = try await Command.run(
                    Checkout.executable("verbatim-admin"),
                    ["usage"] + call.arguments.map { $0 == "EXAMPLE" ? scene.example : $0 },
                    environment: ["VERBATIM_DATABASE_URL": scene.tenants.database.url, "USER": "olga"])
                #expect(result.status == call.status, "\(call.arguments): \(result.errors)")
                #expect(!result.errors.isEmpty && result.output.isEmpty, "\(call.arguments)")
            }
            let changes = try await scene.tenants.owner.query(
                "SELECT (SELECT count(*) FROM adjustments) + (SELECT count(*) FROM audit_log)"
            ).map { try $0.decode(Int.self) }
            #expect(changes == [0])
        }
    }

    @Test func `the API shows a customer its month, and anyone the plans`() async throws {
        try await Deployment.with { deployment in
            let scene = Scene(tenants: deployment.tenants)
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

import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// The month's end as finance sees it: `verbatim-admin usage verify`, `adjust` and `close`.
@Suite struct UsageCloseTests {
    @Test func `the month's end: verify, adjust, close, and the same bytes ever after`() async throws {
        try await BilledMonth.with { scene in
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
    private static func submit(_ scene: BilledMonth) async throws -> String {
        let (id, tenant, tenants) = (JobID(), scene.tenants.other, scene.tenants)
        let october = try #require(Timestamp(rfc3339: "2026-10-20T12:00:00Z"))
        let admission = Admission(
            databases: tenants.databases,
            hint: QueueHint(databases: tenants.databases, logger: Logger(label: "test")), clock: { october })
        return try await admission.admit(
            Submission(
                id: id, tenant: tenant, submitter: nil, options: JobOptions(), fileName: nil, bytes: 1,
                estimatedMilliseconds: 60_000,
                channels: 1, sourceKey: .source(of: id, tenant: tenant))
        ).id.rawValue
    }

    private static func status(of job: String, _ scene: BilledMonth) async throws -> String {
        try await scene.tenants.owner.query("SELECT status FROM jobs WHERE id = \(job)")[0].decode(String.self)
    }

    @Test func `a suspended account's waiting jobs are cancelled when the month is closed, and nobody is billed`()
        async throws
    {
        try await BilledMonth.with { scene in
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
        try await BilledMonth.with { scene in
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
        try await BilledMonth.with { scene in
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
}

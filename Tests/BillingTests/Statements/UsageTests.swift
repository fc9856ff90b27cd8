import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// What the API shows of a month, while it changes and when it is large.
@Suite struct UsageTests {
    @Test func `all figures are of one moment, though a job ends between two of the questions`() async throws {
        try await LedgerScene.with { scene in
            let (example, owner) = (scene.tenants.example, scene.tenants.owner)
            try await scene.allow(minutes: 1)
            let job = try await scene.submit(seconds: 90, acceptOverage: true)
            try await owner.execute(
                "INSERT INTO tenant_load (tenant_id, queued_jobs, running_jobs) VALUES (\(example), 0, 1)")
            // The last of the questions has to wait.
            let usage = try await owner.whileOpen(
                { try $0.execute("LOCK TABLE tenant_load IN ACCESS EXCLUSIVE MODE") },
                andThen: { try $0.execute("UPDATE tenant_load SET running_jobs = 0") }
            ) {
                let usage = Task { try await scene.usage() }
                try await eventually("the question waits") {
                    try await owner.query(
                        """
                        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                            AND wait_event_type = 'Lock' AND query LIKE '%FROM tenant_load%'
                        """
                    ).map { try $0.decode(Int.self) } == [1]
                }
                try await scene.complete(job, seconds: 90)
                return usage
            }
            let before = try await usage.value
            #expect((before.usedSeconds, before.reservedSeconds, before.runningJobs) == (0, 90, 1))
            #expect((before.overageSeconds, before.overageCents) == (0, 0))
            let after = try await scene.usage()
            #expect((after.usedSeconds, after.reservedSeconds, after.runningJobs) == (90, 0, 0))
            #expect((after.overageSeconds, after.overageCents) == (30, 2))
        }
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `a month of many jobs, rates and plans is the same for the customer, the statement and the export`(
        seed: UInt64
    ) async throws {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            var generator = SeededGenerator(seed: seed)
            // A month that nobody reserved: only its records count here.
            let rows = (1...12_000).map { admission in
                let accepts = Bool.random(using: &generator)
                let rate: Int64 = [0, 1, 20_000, 33_333, 40_000, 99_999][Int.random(in: 0..<6, using: &generator)]
                return """
                    \(admission),\(Int64.random(in: 0...700, using: &generator)),\
                    \((PlanName.first.randomElement(using: &generator) ?? .pro).rawValue),\
                    \(Int64.random(in: 0...3_000_000, using: &generator)),\(accepts),\(rate)
                    """
            }
            try await scene.tenants.owner.transaction { transaction in
                try transaction.execute(
                    """
                    INSERT INTO usage_months (tenant_id, month, admissions, used_seconds)
                    SELECT \(example), '2026-11', 12000, sum(split_part(r, ',', 2)::int8)::int8 FROM unnest(\(rows)::text[]) r
                    """)
                try transaction.execute(
                    """
                    INSERT INTO usage (
                        tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                        rate_micros_per_minute, admitted_at)
                    SELECT \(example), '2026-11', f[1]::int8, 'job_' || f[1], f[2]::int8, f[3], f[4]::int8, f[5]::bool,
                        f[6]::int8, \(LedgerScene.inNovember)
                    FROM (SELECT string_to_array(r, ',') AS f FROM unnest(\(rows)::text[]) r) split
                    """)
            }
            let (usage, statement) = (try await scene.usage(), try await scene.statement())
            #expect(statement.lines.count == 6)
            #expect(statement.amountCents > 0)
            #expect(usage.usedSeconds == statement.usedSeconds)
            #expect(usage.overageSeconds == statement.overageSeconds)
            #expect(usage.overageCents == statement.amountCents)
            let cents = statement.lines.map { LongDivision.cents(seconds: $0.overageSeconds, rate: $0.rate ?? 0) }
            #expect(cents == statement.lines.map { String($0.amountCents) })
            let summed = try await scene.tenants.owner.transaction(isolation: .repeatableRead) {
                try Statement.of(example, month: LedgerScene.november, at: LedgerScene.inNovember, in: $0)
            }
            #expect(summed == statement)
        }
    }
}

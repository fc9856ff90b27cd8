import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// Months whose jobs did not grow, next to a plain running sum over their records.
@Suite struct RunningSumTests {
    /// Overage and amounts by that sum, computed by PostgreSQL.
    private static let lines: PostgresQuery = """
        WITH running AS (
            SELECT u.*, sum(u.seconds) OVER (PARTITION BY u.tenant_id, u.month ORDER BY u.admission) AS total FROM usage u
        ), sold AS (
            SELECT tenant_id, month, rate_micros_per_minute AS rate, (array_agg(plan ORDER BY admission DESC))[1] AS plan,
                sum(least(seconds, total - included_seconds)) AS seconds
            FROM running WHERE accept_overage AND seconds > 0 AND total > included_seconds GROUP BY 1, 2, 3
        ), priced AS (
            SELECT *, div(seconds * rate, 600000) AS whole, mod(seconds * rate, 600000) AS rest,
                row_number() OVER (PARTITION BY tenant_id, month ORDER BY rate) AS line FROM sold
        )
        SELECT p.tenant_id, p.month, p.line::int2 AS line, p.plan, p.seconds::int8 AS overage_seconds, p.rate,
            (whole + CASE WHEN rest > 300000 OR (rest = 300000 AND mod(whole, 2) = 1) THEN 1 ELSE 0 END)::int8 AS cents,
            CASE WHEN line = 1 THEN m.used_seconds ELSE 0 END AS used_seconds
        FROM priced p JOIN usage_months m ON m.tenant_id = p.tenant_id AND m.month = p.month
        """

    private static func bill(_ tenant: TenantID, _ month: BillingMonth, seed: UInt64, on owner: PostgresPool)
        async throws
    {
        var generator = SeededGenerator(seed: seed)
        let rows = (1...400).map { admission in
            let rate: Int64 = [20_000, 33_333, 40_000][Int.random(in: 0..<3, using: &generator)]
            return """
                \(admission),\(Int64.random(in: 0...700, using: &generator)),\
                \((PlanName.first.randomElement(using: &generator) ?? .pro).rawValue),\
                \(Int64.random(in: 0...100_000, using: &generator)),\(Bool.random(using: &generator)),\(rate)
                """
        }
        try await owner.transaction { transaction in
            try transaction.execute(
                """
                INSERT INTO usage_months (tenant_id, month, admissions, used_seconds)
                SELECT \(tenant), \(month), 400, sum(split_part(r, ',', 2)::int8)::int8 FROM unnest(\(rows)::text[]) r
                """)
            try transaction.execute(
                """
                INSERT INTO usage (
                    tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at, settled_at)
                SELECT \(tenant), \(month), f[1]::int8, 'job_' || \(month)::text || f[1], f[2]::int8, f[3], f[4]::int8,
                    f[5]::bool, f[6]::int8, \(month.start), \(month.start)
                FROM (SELECT string_to_array(r, ',') AS f FROM unnest(\(rows)::text[]) r) split
                """)
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `what a month without growths owes is what a running sum says, whether it is open or closed`(
        seed: UInt64
    ) async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let owner = database.pool()
            let tenant = try await owner.transaction {
                try Tenant.create(name: "Old", plan: .pro, at: LedgerScene.time("2026-01-01T00:00:00Z"), in: $0).id
            }
            for month in [LedgerScene.october, LedgerScene.november] {
                try await Self.bill(tenant, month, seed: seed, on: owner)
            }
            try await owner.transaction { transaction in
                try transaction.execute(
                    """
                    INSERT INTO statement_lines (
                        tenant_id, month, line, plan, included_minutes, used_seconds, overage_seconds,
                        rate_micros_per_minute, amount_cents, adjustments_cents, total_cents)
                    SELECT tenant_id, month, line, plan, CASE WHEN line = 1 THEN 1200 ELSE 0 END, used_seconds,
                        overage_seconds, rate, cents, 0, cents
                    FROM (\(Self.lines)) lines WHERE month = '2026-10'
                    """)
                try transaction.execute(
                    "UPDATE usage_months SET closed_at = '2026-11-02T03:04:05.678Z' WHERE month = '2026-10'")
            }
            let owed = try await owner.query(
                "SELECT rate, overage_seconds, cents FROM (\(Self.lines)) l WHERE month = '2026-11' ORDER BY rate"
            )
            .map { try $0.decode(Int64.self, Int64.self, Int64.self) }
            #expect(owed.count == 3)

            let (open, summed, differences) = try await owner.transaction(isolation: .repeatableRead) { transaction in
                (
                    try Statement.all(of: LedgerScene.november, at: LedgerScene.inNovember, in: transaction).first?
                        .lines ?? [],
                    try Statement.of(tenant, month: LedgerScene.november, at: LedgerScene.inNovember, in: transaction)?
                        .lines,
                    try [LedgerScene.october, LedgerScene.november].flatMap {
                        try LedgerCheck.run($0, in: transaction).map(\.description)
                    }
                )
            }
            #expect(open.map(\.rate) == owed.map(\.0))
            #expect(open.map(\.overageSeconds) == owed.map(\.1))
            #expect(open.map(\.amountCents) == owed.map(\.2))
            #expect(summed == open)
            #expect(differences == [])
            await owner.close()
        }
    }
}

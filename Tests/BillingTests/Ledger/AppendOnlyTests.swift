import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AppendOnlyTests {
    /// What must not be done, and to which table; tried on rows that are there.
    private static let changes = ["usage", "adjustments", "statement_lines"].flatMap { table in
        ["UPDATE \(table) SET month = month", "DELETE FROM \(table)", "TRUNCATE \(table)", "TRUNCATE \(table) CASCADE"]
    }

    /// An account with something in every table of the ledger.
    private static func withLedger(_ body: (LedgerScene) async throws -> Void) async throws {
        try await LedgerScene.with { scene in
            try await scene.bill(seconds: 100, at: LedgerScene.inOctober)
            try await scene.adjust(LedgerScene.october, cents: -5)
            try await scene.close(LedgerScene.october)
            try await body(scene)
        }
    }

    @Test(arguments: changes)
    func `nobody changes what stands in the ledger, not even its owner`(statement: String) async throws {
        try await Self.withLedger { scene in
            let example = scene.tenants.example
            let byOwner = await #expect(throws: PostgresError.self) {
                try await scene.tenants.owner.execute("\(unescaped: statement)")
            }
            #expect(byOwner?.sqlState == "42501")
            let byService = await #expect(throws: PostgresError.self) {
                try await scene.tenants.databases.app.transaction(of: example) {
                    try $0.execute("\(unescaped: statement)")
                }
            }
            #expect(byService?.sqlState == "42501")
        }
    }

    @Test func `a closed month takes nothing, from nobody, and cannot be opened again`() async throws {
        try await Self.withLedger { scene in
            let (example, october) = (scene.tenants.example, LedgerScene.october)
            let terms: PostgresQuery = "'pro', 60, false, now()"
            let columns: PostgresQuery = "plan, included_seconds, accept_overage, admitted_at"
            let inserts: [PostgresQuery] = [
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, \(columns))
                VALUES (\(example), \(october), 99, 'job_x', 1, \(terms))
                """,
                """
                INSERT INTO reservations (tenant_id, month, admission, job_id, seconds, \(columns))
                VALUES (\(example), \(october), 99, 'job_x', 1, \(terms))
                """,
                """
                INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
                VALUES (\(example), \(october), 1, 'x', 'x')
                """,
                """
                INSERT INTO statement_lines (tenant_id, month, line, plan, included_minutes, used_seconds,
                    overage_seconds, amount_cents, adjustments_cents, total_cents)
                VALUES (\(example), \(october), 9, 'pro', 0, 0, 0, 0, 0, 0)
                """,
                "UPDATE usage_months SET closed_at = NULL WHERE month = \(october)",
                "UPDATE usage_months SET used_seconds = used_seconds + 1 WHERE month = \(october)",
                "DELETE FROM usage_months WHERE month = \(october)",
            ]
            for insert in inserts {
                let byOwner = await #expect(throws: PostgresError.self) {
                    try await scene.tenants.owner.execute(insert)
                }
                #expect(byOwner?.sqlState == "55000", "\(insert)")
                await #expect(throws: PostgresError.self) {
                    try await scene.tenants.databases.app.transaction(of: example) { try $0.execute(insert) }
                }
            }
            await #expect(throws: ReservationError.monthClosed(october)) {
                _ = try await scene.submit(seconds: 1, at: LedgerScene.inOctober)
            }
            await #expect(throws: ReservationError.monthClosed(october)) { try await scene.adjust(october, cents: 1) }
            let differences = try await scene.differences(october)
            #expect(differences == [])
        }
    }

    @Test func `what is written beside a closing that is under way waits for it, and is refused`() async throws {
        try await LedgerScene.with { scene in
            let (example, october) = (scene.tenants.example, LedgerScene.october)
            try await scene.bill(seconds: 100, at: LedgerScene.inOctober)
            let owner = scene.tenants.owner
            let late = try await owner.transaction { transaction in
                _ = try MonthClosing.run(october, at: october.end, in: transaction)
                // Raw SQL that locks nothing itself, on another connection.
                let late = Task {
                    try await owner.execute(
                        """
                        INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
                        VALUES (\(example), \(october), 1, 'x', 'x')
                        """)
                }
                // The closing commits only once the other waits for it.
                while try transaction.first(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'", as: Int.self) == 0
                {}
                return late
            }
            let error = await #expect(throws: PostgresError.self) { try await late.value }
            #expect(error?.sqlState == "55000")
        }
    }

    @Test func `a job is billed once, whoever tries it again`() async throws {
        try await LedgerScene.with { scene in
            let (example, other) = (scene.tenants.example, scene.tenants.other)
            let job = try await scene.bill(seconds: 100)
            await #expect(throws: ReservationError.noneHeld) { try await scene.complete(job, seconds: 100) }
            await #expect(throws: ReservationError.noneHeld) { try await scene.cancel(job) }
            for tenant in [example, other] {
                try await scene.bill(of: tenant, seconds: 1)
                let error = await #expect(throws: PostgresError.self) {
                    try await scene.tenants.owner.execute(
                        """
                        INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds,
                            accept_overage, admitted_at)
                        VALUES (\(tenant), '2026-11', 99, \(job), 1, 'pro', 60, false, now())
                        """)
                }
                #expect(error?.sqlState == "23505")
            }
            #expect(try await scene.statement().usedSeconds == 101)
            #expect(try await scene.differences() == [])
        }
    }
}

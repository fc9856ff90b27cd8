import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// What `usage verify` finds when something was done to the tables behind the service's back.
@Suite struct LedgerCheckTests {
    private static func check(
        _ statement: PostgresQuery, finds expected: [String],
        after prepare: (LedgerScene) async throws -> TestJob
    ) async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 1)
            let job = try await prepare(scene)
            #expect(try await scene.differences() == [])
            try await scene.tenants.owner.transaction { transaction in
                // As an attacker with the keys of the house would.
                for table in ["usage", "adjustments", "statement_lines", "usage_months"] {
                    try transaction.execute("ALTER TABLE \(unescaped: table) DISABLE TRIGGER USER")
                }
                try transaction.execute(statement)
            }
            let prefix = "\(scene.tenants.example): "
            #expect(
                try await scene.differences()
                    == expected.map { prefix + $0.replacing("JOB", with: job.rawValue) })
            #expect(try await scene.differences(LedgerScene.october) == [])
        }
    }

    private static func overage(_ scene: LedgerScene) async throws -> TestJob {
        try await scene.bill(seconds: 100, acceptOverage: true)
    }

    private static func closed(_ scene: LedgerScene) async throws -> TestJob {
        let job = try await scene.bill(seconds: 100, acceptOverage: true)
        try await scene.close()
        return job
    }

    @Test func `counters that are off`() async throws {
        try await Self.check(
            "UPDATE usage_months SET used_seconds = 7, reserved_seconds = 8, admissions = 0",
            finds: [
                "the month's counter of admissions: expected 1 or more, found 0",
                "the month's counter of reserved seconds: expected 0, found 8",
                "the month's counter of used seconds: expected 100, found 7",
            ], after: Self.overage)
    }

    @Test func `a record that is gone`() async throws {
        try await Self.check(
            "DELETE FROM usage",
            finds: [
                "the month's counter of used seconds: expected 0, found 100",
                "job JOB: expected 100 s in the ledger of 2026-11, found nothing",
                "the sum of day 2026-11-15 on 2026-11-15 in block 0: expected 0 jobs, 0 s, found 1 jobs, 100 s",
                "the sum of key unknown on 2026-11-15 in block 0: expected 0 jobs, 0 s, found 1 jobs, 100 s",
            ], after: Self.overage)
    }

    @Test func `a record of other seconds than were decoded`() async throws {
        try await Self.check(
            "UPDATE jobs SET samples_total = 1600001",
            finds: ["job JOB: expected 101 s in the ledger of 2026-11, found 100 s in the ledger of 2026-11"],
            after: Self.overage)
    }

    @Test func `a record of a job that failed`() async throws {
        try await Self.check(
            "UPDATE jobs SET status = 'failed', error_code = 'internal_error', error_message = 'x'",
            finds: ["job JOB: expected nothing, found 100 s in the ledger of 2026-11"], after: Self.overage)
    }

    @Test func `a job of another month`() async throws {
        try await Self.check(
            "UPDATE jobs SET created_at = '2026-12-01T00:00:00Z'",
            finds: ["job JOB: expected 100 s in the ledger of 2026-12, found 100 s in the ledger of 2026-11"],
            after: Self.overage)
    }

    @Test func `an unfinished job that holds nothing, and one that holds something after its end`() async throws {
        try await Self.check(
            "DELETE FROM reservations",
            finds: [
                "the month's counter of reserved seconds: expected 0, found 5",
                "job JOB: expected a reservation in 2026-11, found nothing",
            ]
        ) { try await $0.submit(seconds: 5) }
        try await Self.check(
            "UPDATE jobs SET status = 'cancelled', completed_at = now()",
            finds: ["job JOB: expected nothing, found a reservation in 2026-11"]
        ) { try await $0.submit(seconds: 5) }
        try await Self.check(
            "DELETE FROM jobs", finds: ["job JOB: expected nothing, found a reservation in 2026-11"]
        ) { try await $0.submit(seconds: 5) }
    }

    @Test func `a job that was deleted is no difference`() async throws {
        try await Self.check("DELETE FROM jobs", finds: [], after: Self.overage)
    }

    @Test func `a closed statement that was written over`() async throws {
        try await Self.check(
            "UPDATE statement_lines SET amount_cents = 4, total_cents = 4 WHERE overage_seconds > 0",
            finds: [
                "the statement's overage at 40000 micro-dollars a minute: expected 40 s for 3 cents, found 40 s for 4 cents",
                "the statement's total in cents: expected 3, found 4",
            ], after: Self.closed)
        try await Self.check(
            "UPDATE statement_lines SET used_seconds = 1, adjustments_cents = 2, total_cents = 5 WHERE overage_seconds > 0",
            finds: [
                "the statement's used seconds: expected 100, found 1",
                "the statement's adjustments in cents: expected 0, found 2",
                "the statement's total in cents: expected 3, found 5",
            ], after: Self.closed)
    }

    @Test func `a record or an adjustment that came after the closing`() async throws {
        try await Self.check(
            """
            INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
            SELECT tenant_id, '2026-11', 7, 'x', 'x' FROM usage
            """,
            finds: [
                "the statement's adjustments in cents: expected 7, found 0",
                "the statement's total in cents: expected 10, found 3",
            ], after: Self.closed)
    }

    @Test func `a closed month without lines, and an open one with some`() async throws {
        try await Self.check(
            "DELETE FROM statement_lines WHERE overage_seconds > 0",
            finds: [
                "the statement's lines: expected 1, found 0", "the statement's used seconds: expected 100, found 0",
                "the statement's overage at 40000 micro-dollars a minute: expected 40 s for 3 cents, found none",
                "the statement's total in cents: expected 3, found 0",
            ], after: Self.closed)
        try await Self.check(
            "UPDATE usage_months SET closed_at = NULL WHERE used_seconds > 0",
            finds: ["stored lines of an open month: expected 0, found 1"], after: Self.closed)
    }
}

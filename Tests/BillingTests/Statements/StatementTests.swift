import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct StatementTests {
    @Test func `without use there is a statement all the same, at the plan's own rate`() async throws {
        try await LedgerScene.with { scene in
            let lines = try await scene.statement().lines
            #expect(
                lines == [
                    StatementLine(
                        number: 1, plan: .pro, includedMinutes: 1200, usedSeconds: 0, overageSeconds: 0, rate: 40_000,
                        amountCents: 0, adjustmentsCents: 0)
                ])
            try await scene.move(to: .free)
            #expect(try await scene.statement().lines.first?.rate == nil)
            let all = try await scene.tenants.owner.transaction {
                try Statement.all(of: LedgerScene.november, in: $0).map(\.tenant)
            }
            #expect(Set(all) == [scene.tenants.example, scene.tenants.other])
        }
    }

    @Test func `who had no account yet has no statement`() async throws {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            try await scene.tenants.owner.execute(
                "UPDATE tenants SET created_at = '2026-12-01T00:00:00Z' WHERE id = \(example)")
            func count(_ month: BillingMonth) async throws -> Int {
                try await scene.tenants.owner.transaction {
                    try Statement.all(of: month, tenant: example, in: $0).count
                }
            }
            #expect(try await count(LedgerScene.november) == 0)
            #expect(try await count(LedgerScene.november.next) == 1)
        }
    }

    @Test func `overage is what was used beyond the month, and costs what the contract says`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 590)
            try await scene.bill(seconds: 77, acceptOverage: true)
            let lines = try await scene.statement().lines
            #expect(
                lines == [
                    // 67 s at 4 cents a minute are 4.4667 cents.
                    StatementLine(
                        number: 1, plan: .pro, includedMinutes: 10, usedSeconds: 667, overageSeconds: 67, rate: 40_000,
                        amountCents: 4, adjustmentsCents: 0)
                ])
        }
    }

    @Test func `each rate has its line, and the first alone carries what a month has once`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 700, acceptOverage: true)
            try await scene.move(to: .business)
            try await scene.bill(seconds: 300, acceptOverage: true)
            try await scene.adjust(LedgerScene.november, cents: -3)
            let statement = try await scene.statement()
            #expect(
                statement.lines == [
                    StatementLine(
                        number: 1, plan: .business, includedMinutes: 10, usedSeconds: 1000, overageSeconds: 300,
                        rate: 20_000, amountCents: 10, adjustmentsCents: -3),
                    StatementLine(
                        number: 2, plan: .pro, includedMinutes: 0, usedSeconds: 0, overageSeconds: 100, rate: 40_000,
                        amountCents: 7, adjustmentsCents: 0),
                ])
            #expect(statement.totalCents == 14)
        }
    }

    @Test func `a cancelled job gives its minutes back to the later ones`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            let first = try await scene.submit(seconds: 600)
            try await scene.bill(seconds: 600, acceptOverage: true)
            #expect(try await scene.statement().overageSeconds == 0)
            try await scene.cancel(first)
            #expect(try await scene.statement().overageSeconds == 0)
            try await scene.bill(seconds: 60, acceptOverage: true)
            #expect(try await scene.statement().overageSeconds == 60)
        }
    }

    @Test func `a job is billed in the month of its submission, however late it ends`() async throws {
        try await LedgerScene.with { scene in
            let last = LedgerScene.november.start - .milliseconds(1)
            let (before, after) = (
                try await scene.submit(seconds: 5, at: last),
                try await scene.submit(seconds: 7, at: LedgerScene.november.start)
            )
            try await scene.complete(after, seconds: 7)
            try await scene.complete(before, seconds: 5)
            #expect(try await scene.statement(LedgerScene.october).usedSeconds == 5)
            #expect(try await scene.statement(LedgerScene.november).usedSeconds == 7)
        }
    }

    @Test func `a month of more records than a page is read whole`() async throws {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            try await scene.bill(seconds: 1)
            try await scene.tenants.owner.execute(
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at)
                SELECT \(example), '2026-11', n, 'job_' || n, 2, 'pro', 6000, true, 40000, now()
                FROM generate_series(2, 12001) n
                """)
            let statement = try await scene.statement()
            #expect(statement.usedSeconds == 24_001)
            #expect(statement.overageSeconds == 18_001)
        }
    }

    @Test func `another tenant's use is invisible, also to a query that forgets the tenant`() async throws {
        try await LedgerScene.with { scene in
            let (example, other) = (scene.tenants.example, scene.tenants.other)
            try await scene.bill(seconds: 100, at: LedgerScene.inOctober)
            try await scene.adjust(LedgerScene.october, cents: 5)
            try await scene.close(LedgerScene.october)
            try await scene.submit(seconds: 100)
            let app = scene.tenants.databases.app
            for table in ["usage_months", "usage", "reservations", "adjustments", "statement_lines"] {
                let seen = try await app.transaction(of: other) {
                    try $0.all("SELECT DISTINCT tenant_id FROM \(unescaped: table)", as: TenantID.self)
                }
                #expect(!seen.contains(example), "\(table)")
                let own = try await app.transaction(of: example) {
                    try $0.all("SELECT DISTINCT tenant_id FROM \(unescaped: table)", as: TenantID.self)
                }
                #expect(own == [example], "\(table)")
            }
            let statements = try await app.transaction(of: other) { transaction in
                (
                    try Statement.all(of: LedgerScene.october, in: transaction).map(\.tenant),
                    try Statement.all(of: LedgerScene.october, tenant: example, in: transaction).count,
                    try Statement.of(example, month: LedgerScene.october, in: transaction) == nil
                )
            }
            #expect(statements == ([other], 0, true))
        }
    }

    @Test func `a customer sees what is used, held and left, and what overage costs so far`() async throws {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 300)
            try await scene.submit(seconds: 60)
            try await scene.tenants.owner.execute(
                "INSERT INTO tenant_load (tenant_id, queued_jobs, running_jobs) VALUES (\(example), 3, 2)")
            func usage() async throws -> TenantUsage? {
                try await TenantUsage.of(example, month: LedgerScene.november, on: scene.tenants.databases.app)
            }
            let before = try #require(try await usage())
            #expect(before.includedMinutes == 10)
            #expect(before.usedSeconds == 300)
            #expect(before.reservedSeconds == 60)
            #expect(before.leftSeconds == 240)
            #expect(before.overageSeconds == 0)
            #expect((before.runningJobs, before.waitingJobs) == (2, 3))
            try await scene.bill(seconds: 600, acceptOverage: true)
            let after = try #require(try await usage())
            #expect(after.leftSeconds == 0)
            #expect(after.overageSeconds == 300)
            #expect(after.overageCents == 20)
        }
    }
}

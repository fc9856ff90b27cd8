import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct MonthClosingTests {
    @Test func `a closed month is exported the same, byte for byte, whatever happens to the account`() async throws {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 700, acceptOverage: true)
            try await scene.move(to: .business)
            try await scene.bill(seconds: 300, acceptOverage: true)
            try await scene.adjust(LedgerScene.november, cents: -250)
            #expect(try await scene.close() == .closed(statements: 2))
            let export = try await scene.export()
            #expect(export.utf8.filter { $0 == 10 }.count == 4)

            try await scene.move(to: .free)
            try await scene.allow(minutes: 999, overage: false)
            try await scene.tenants.owner.execute("UPDATE tenants SET name = '=evil()' WHERE id = \(example)")
            try await scene.tenants.owner.execute("UPDATE plans SET overage_micros_per_minute = 1, monthly_minutes = 1")
            try await scene.tenants.owner.execute("DELETE FROM jobs WHERE tenant_id = \(example)")
            _ = try await scene.tenants.owner.transaction {
                try Tenant.create(
                    name: "New", plan: .pro, at: LedgerScene.time("2026-12-03T00:00:00Z"), in: $0)
            }
            #expect(try await scene.export() == export)
            #expect(try await scene.differences() == [])
            #expect(try await scene.close() == .wasClosed)
            #expect(try await scene.export() == export)
        }
    }

    @Test func `a month is closed on the terms of its last admission, not on those of the day after`() async throws {
        try await LedgerScene.with { scene in
            try await scene.submit(seconds: 60, at: LedgerScene.inOctober)
            try await scene.tenants.owner.execute("UPDATE tenants SET plan = 'free'")
            let statement = try await scene.tenants.owner.transaction {
                try Statement.all(
                    of: LedgerScene.october, tenant: scene.tenants.example, at: LedgerScene.inNovember, in: $0)
            }
            #expect(statement.first?.lines.map(\.plan) == [.pro])
            #expect(statement.first?.lines.map(\.includedMinutes) == [1200])
        }
    }

    @Test func `only a month that is over can be closed`() async throws {
        try await LedgerScene.with { scene in
            let november = LedgerScene.november
            await #expect(throws: MonthClosing.Obstacle.notOver(november)) {
                try await scene.close(at: november.end - .milliseconds(1))
            }
            let outcome = try await scene.close(at: november.end)
            #expect(outcome == .closed(statements: 2))
        }
    }

    @Test func `an unfinished job keeps its month open, and is named`() async throws {
        try await LedgerScene.with { scene in
            var jobs: [String] = []
            for _ in 0..<23 { jobs.append(try await scene.submit(seconds: 1).rawValue) }
            let later = try await scene.submit(seconds: 1, at: LedgerScene.november.end)
            await #expect(throws: MonthClosing.Obstacle.unfinishedJobs(Array(jobs.sorted().prefix(20)), count: 23)) {
                try await scene.close()
            }
            for job in jobs { try await scene.cancel(TestJob(unchecked: job)) }
            #expect(try await scene.close() == .closed(statements: 2))
            try await scene.complete(later, seconds: 1)
        }
    }

    @Test func `what does not agree is not closed, for nobody`() async throws {
        try await LedgerScene.with { scene in
            try await scene.bill(seconds: 10)
            try await scene.tenants.owner.execute("UPDATE usage_months SET used_seconds = 11")
            await #expect(throws: MonthClosing.Obstacle.self) { try await scene.close() }
            let written = try await scene.tenants.owner.query(
                "SELECT (SELECT count(*) FROM statement_lines) + (SELECT count(*) FROM usage_months WHERE closed_at IS NOT NULL)"
            ).map { try $0.decode(Int.self) }
            #expect(written == [0])
        }
    }

    @Test func `an account without use is closed too, so that a late clock adds nothing`() async throws {
        try await LedgerScene.with { scene in
            try await scene.close()
            for tenant in [scene.tenants.example, scene.tenants.other] {
                await #expect(throws: ReservationError.monthClosed(LedgerScene.november)) {
                    _ = try await scene.submit(of: tenant, seconds: 1)
                }
            }
            _ = try await scene.submit(seconds: 1, at: LedgerScene.november.end)
        }
    }

    @Test func `whoever closes at the same time, it is done once`() async throws {
        try await LedgerScene.with { scene in
            try await scene.bill(seconds: 10)
            let outcomes = try await withThrowingTaskGroup(of: MonthClosing.Outcome.self) { group in
                for _ in 0..<4 { group.addTask { try await scene.close() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == .closed(statements: 2) }.count == 1)
            #expect(outcomes.filter { $0 == .wasClosed }.count == 3)
            #expect(try await scene.differences() == [])
        }
    }
}

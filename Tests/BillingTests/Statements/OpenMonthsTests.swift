import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// What is said to be left to close is what closing then closes.
@Suite struct OpenMonthsTests {
    @Test func `each open month is told with as many statements as its closing writes, also of those who used nothing`()
        async throws
    {
        try await LedgerScene.with { scene in
            let (tenants, now) = (scene.tenants, LedgerScene.time("2026-12-05T00:00:00Z"))
            // One came in March, one used something in May and was deleted, one used nothing and was deleted.
            let (late, gone, idle) = try await tenants.owner.transaction { transaction in
                (
                    try Tenant.create(
                        name: "Late", plan: .free, at: LedgerScene.time("2026-03-31T23:59:59Z"), in: transaction
                    ).id,
                    try Tenant.create(
                        name: "Gone", plan: .pro, at: LedgerScene.time("2026-04-01T00:00:00Z"), in: transaction
                    ).id,
                    try Tenant.create(
                        name: "Idle", plan: .pro, at: LedgerScene.time("2026-02-01T00:00:00Z"), in: transaction
                    ).id
                )
            }
            try await scene.bill(of: gone, seconds: 10, at: LedgerScene.time("2026-05-10T00:00:00Z"))
            try await scene.bill(of: late, seconds: 10, at: LedgerScene.inNovember)
            try await scene.cancel(
                try await scene.submit(of: idle, seconds: 5, at: LedgerScene.time("2026-06-10T00:00:00Z")), of: idle)
            try await tenants.owner.transaction { transaction in
                for tenant in [gone, idle] { _ = try Tenant.end(tenant, in: transaction) }
            }
            func open() async throws -> [String] {
                try await tenants.owner.transaction {
                    try MonthClosing.open(before: BillingMonth(of: now), in: $0).map { "\($0.month) \($0.statements)" }
                }
            }
            let expected = (1...11).map { month in
                "2026-\(month < 10 ? "0" : "")\(month) \(month < 3 ? 2 : month == 5 ? 4 : 3)"
            }
            #expect(try await open() == expected)
            for (index, line) in expected.enumerated() {
                let words = line.split(separator: " ").map(String.init)
                let month = try #require(BillingMonth(rawValue: words[0]))
                #expect(try await scene.close(month, at: now) == .closed(statements: try #require(Int(words[1]))))
                #expect(try await open() == Array(expected.dropFirst(index + 1)))
            }
        }
    }

    @Test func `a month that is under way, or that nobody had an account in, is not to be closed`() async throws {
        try await LedgerScene.with { scene in
            let owner = scene.tenants.owner
            let december = BillingMonth(of: LedgerScene.time("2026-12-05T00:00:00Z"))
            try await scene.submit(seconds: 1, at: december.start)
            let open = try await owner.transaction {
                try MonthClosing.open(before: december, in: $0).map(\.month.rawValue)
            }
            #expect(open.first == "2026-01" && open.last == "2026-11")
            let (none, some) = try await owner.transaction { transaction in
                (
                    try MonthClosing.hasAccounts(try #require(BillingMonth(rawValue: "2025-12")), in: transaction),
                    try MonthClosing.hasAccounts(try #require(BillingMonth(rawValue: "2026-01")), in: transaction)
                )
            }
            #expect((none, some) == (false, true))
        }
    }

    @Test func `without accounts there is nothing to close`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let owner = database.pool()
            let open = try await owner.transaction { try MonthClosing.open(before: LedgerScene.november, in: $0).count }
            #expect(open == 0)
            await owner.close()
        }
    }
}

import Billing
import Logging
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AdmissionRaceTests {
    @Test func `of 200 simultaneous jobs exactly the 50 that fit are admitted, from whichever node, every time`()
        async throws
    {
        try await LedgerScene.with { scene in
            let example = scene.tenants.example
            try await scene.allow(minutes: 50, overage: false)
            let nodes = [
                scene.tenants.databases,
                Databases(url: scene.tenants.database.url, size: 8, logger: Logger(label: "other node")),
            ]
            var now = LedgerScene.inNovember
            for round in 0..<20 {
                let admitted = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<200 {
                        let (node, now) = (nodes[number % 2], now)
                        group.addTask { try await Self.admit(to: node, example, at: now) }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(admitted == 50, "round \(round)")
                let month = BillingMonth(of: now)
                let state = try await scene.tenants.owner.transaction {
                    try UsageMonth.of(month, tenant: example, in: $0)
                }
                #expect(state.reserved == 3000)
                #expect(state.admissions == 50)
                now = month.end + .seconds(1)
            }
            await nodes[1].close()
        }
    }

    private static func admit(to node: Databases, _ tenant: TenantID, at now: Timestamp) async throws -> Bool {
        do {
            try await node.app.transaction(of: tenant) { transaction in
                let effectiveLimits = try #require(try EffectiveLimits.of(tenant, in: transaction))
                try Reservation.make(
                    for: TestJob(), of: tenant, seconds: 60, effectiveLimits: effectiveLimits, acceptOverage: true,
                    at: now,
                    in: transaction)
            }
            return true
        } catch ReservationError.quotaExceeded(let overageAllowed) {
            #expect(!overageAllowed)
            return false
        }
    }
}

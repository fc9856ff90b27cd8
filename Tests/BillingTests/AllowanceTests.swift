import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AllowanceTests {
    /// What the contract says of a plan.
    struct Terms: Sendable {
        let plan: PlanName
        let limits: [Limit: Int64]
        let queueClass: QueueClass
        let overageRate: Int64?
    }

    @Test(arguments: [
        Terms(
            plan: .free,
            limits: [
                .maxFileBytes: 100_000_000, .maxDurationSeconds: 1800, .concurrency: 2, .monthlyMinutes: 120,
            ], queueClass: .normal, overageRate: nil),
        Terms(
            plan: .pro,
            limits: [
                .maxFileBytes: 2_000_000_000, .maxDurationSeconds: 36_000, .concurrency: 20, .monthlyMinutes: 1200,
            ], queueClass: .normal, overageRate: 40_000),
        Terms(
            plan: .business,
            limits: [
                .maxFileBytes: 5_000_000_000, .maxDurationSeconds: 36_000, .concurrency: 50, .monthlyMinutes: 6000,
            ], queueClass: .priority, overageRate: 20_000),
    ])
    func `a plan allows what the contract says`(expected: Terms) async throws {
        try await Tenants.with(plan: expected.plan) { tenants in
            let example = tenants.example
            let allowance = try #require(
                try await tenants.databases.app.transaction(of: example) { try Allowance.of(example, in: $0) })
            #expect(allowance.plan == expected.plan)
            for (limit, value) in expected.limits { #expect(allowance.limits[limit] == value, "\(limit)") }
            #expect((allowance.queueClass, allowance.overageRate) == (expected.queueClass, expected.overageRate))
            #expect(!allowance.isOverageEnabled && allowance.isQueueingEnabled)
            #expect(
                (allowance.maxFileBytes, allowance.maxDurationSeconds, Int64(allowance.concurrency))
                    == (
                        allowance.limits[.maxFileBytes], allowance.limits[.maxDurationSeconds],
                        allowance.limits[.concurrency]
                    ))
            #expect(allowance.includedSeconds == 60 * allowance.limits[.monthlyMinutes])
        }
    }

    @Test func `a tenant's own limits go before its plan's, each by itself`() async throws {
        try await Tenants.with(plan: .free) { tenants in
            let example = tenants.example
            try await tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, max_file_bytes) VALUES (\(example), 5)")
            let allowance = try await tenants.databases.app.transaction(of: example) {
                try Allowance.of(example, in: $0)
            }
            #expect(allowance?.maxFileBytes == 5)
            #expect(allowance?.maxDurationSeconds == 1800)
        }
    }

    @Test func `a tenant that is not one's own has no allowance`() async throws {
        try await Tenants.with { tenants in
            let (example, other) = (tenants.example, tenants.other)
            let allowance = try await tenants.databases.app.transaction(of: other) { try Allowance.of(example, in: $0) }
            #expect(allowance == nil)
        }
    }
}

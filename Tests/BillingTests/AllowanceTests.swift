import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AllowanceTests {
    @Test(arguments: [
        Allowance(
            plan: .free, maxFileBytes: 100_000_000, maxDurationSeconds: 1800, queueClass: .normal, concurrency: 2,
            monthlyMinutes: 120, overageRate: nil),
        Allowance(
            plan: .pro, maxFileBytes: 2_000_000_000, maxDurationSeconds: 36_000, queueClass: .normal, concurrency: 20,
            monthlyMinutes: 1200, overageRate: 40_000),
        Allowance(
            plan: .business, maxFileBytes: 5_000_000_000, maxDurationSeconds: 36_000, queueClass: .priority,
            concurrency: 50, monthlyMinutes: 6000, overageRate: 20_000),
    ])
    func `a plan allows what the contract says`(expected: Allowance) async throws {
        try await Tenants.with(plan: expected.plan) { tenants in
            let example = tenants.example
            let allowance = try await tenants.databases.app.transaction(of: example) {
                try Allowance.of(example, in: $0)
            }
            #expect(allowance == expected)
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

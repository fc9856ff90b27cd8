import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AllowanceTests {
    @Test(arguments: [
        (PlanName.free, 100_000_000, 1800, QueueClass.normal), (.pro, 2_000_000_000, 36_000, .normal),
        (.business, 5_000_000_000, 36_000, .priority),
    ])
    func `a plan allows what the contract says`(plan: PlanName, bytes: Int64, seconds: Int64, queue: QueueClass)
        async throws
    {
        try await Tenants.with(plan: plan) { tenants in
            let example = tenants.example
            let allowance = try await tenants.databases.app.transaction(of: example) {
                try Allowance.of(example, in: $0)
            }
            #expect(
                allowance == Allowance(plan: plan, maxFileBytes: bytes, maxDurationSeconds: seconds, queueClass: queue))
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

import Billing
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct EffectiveLimitsTests {
    /// What the contract says of a plan.
    struct Terms: Sendable {
        let plan: PlanName
        let limits: [Limit: Int64]
        let queuePriority: QueuePriority
        let overageRate: Int64?

        /// The plan's row in the table of docs/billing.md.
        var row: String {
            let (bytes, seconds) = (limits[.maxFileBytes] ?? 0, limits[.maxDurationSeconds] ?? 0)
            let (jobs, minutes) = (limits[.concurrency] ?? 0, limits[.monthlyMinutes] ?? 0)
            let gigabyte: Int64 = 1_000_000_000
            let cells = [
                plan.rawValue, bytes < gigabyte ? "\(bytes / 1_000_000) MB" : "\(bytes / gigabyte) GB",
                seconds < 3600 ? "\(seconds / 60) min" : "\(seconds / 3600) h", "\(jobs)", "\(2 * jobs)",
                minutes < 1000 ? "\(minutes)" : "\(minutes / 1000),\(String(minutes % 1000 + 1000).dropFirst())",
                overageRate.map { "$0.0\($0 / 10_000)" } ?? "not sold", "\(queuePriority)",
            ]
            return "| " + cells.joined(separator: " | ") + " |"
        }
    }

    @Test(arguments: [
        Terms(
            plan: .free,
            limits: [
                .maxFileBytes: 100_000_000, .maxDurationSeconds: 1800, .concurrency: 2, .monthlyMinutes: 120,
            ], queuePriority: .normal, overageRate: nil),
        Terms(
            plan: .pro,
            limits: [
                .maxFileBytes: 2_000_000_000, .maxDurationSeconds: 36_000, .concurrency: 20, .monthlyMinutes: 1200,
            ], queuePriority: .normal, overageRate: 40_000),
        Terms(
            plan: .business,
            limits: [
                .maxFileBytes: 5_000_000_000, .maxDurationSeconds: 36_000, .concurrency: 50, .monthlyMinutes: 6000,
            ], queuePriority: .priority, overageRate: 20_000),
    ])
    func `a plan allows what the contract says`(expected: Terms) async throws {
        try await Tenants.with(plan: expected.plan) { tenants in
            let example = tenants.example
            let effectiveLimits = try #require(
                try await tenants.databases.app.transaction(of: example) { try EffectiveLimits.of(example, in: $0) })
            #expect(effectiveLimits.plan == expected.plan)
            for (limit, value) in expected.limits { #expect(effectiveLimits.limits[limit] == value, "\(limit)") }
            #expect(
                (effectiveLimits.queuePriority, effectiveLimits.overageRate) == (
                    expected.queuePriority, expected.overageRate
                ))
            #expect(!effectiveLimits.isOverageEnabled && effectiveLimits.isQueueingEnabled)
            #expect(
                (effectiveLimits.maxFileBytes, effectiveLimits.maxDurationSeconds, Int64(effectiveLimits.concurrency))
                    == (
                        effectiveLimits.limits[.maxFileBytes], effectiveLimits.limits[.maxDurationSeconds],
                        effectiveLimits.limits[.concurrency]
                    ))
            #expect(effectiveLimits.includedSeconds == 60 * effectiveLimits.limits[.monthlyMinutes])
            let document = try String(contentsOfFile: Checkout.root + "/docs/billing.md", encoding: .utf8)
            #expect(document.contains(expected.row), "docs/billing.md should say: \(expected.row)")
        }
    }

    @Test func `a tenant's own limits go before its plan's, each by itself`() async throws {
        try await Tenants.with(plan: .free) { tenants in
            let example = tenants.example
            try await tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, max_file_bytes) VALUES (\(example), 5)")
            let effectiveLimits = try await tenants.databases.app.transaction(of: example) {
                try EffectiveLimits.of(example, in: $0)
            }
            #expect(effectiveLimits?.maxFileBytes == 5)
            #expect(effectiveLimits?.maxDurationSeconds == 1800)
        }
    }

    @Test func `a tenant that is not one's own has no limits`() async throws {
        try await Tenants.with { tenants in
            let (example, other) = (tenants.example, tenants.other)
            let effectiveLimits = try await tenants.databases.app.transaction(of: other) {
                try EffectiveLimits.of(example, in: $0)
            }
            #expect(effectiveLimits == nil)
        }
    }
}

import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Two accounts, one of which was billed in October 2026.
struct BilledMonth {
    let tenants: Tenants
    var example: String { tenants.example.rawValue }

    static func with(_ body: (BilledMonth) async throws -> Void) async throws {
        try await Tenants.with { tenants in
            let scene = BilledMonth(tenants: tenants)
            try await scene.bill()
            try await body(scene)
        }
    }

    func admin(_ arguments: String...) async throws -> Command.Result {
        try await Operator(tenants: tenants).call(["usage"] + arguments)
    }

    func json(_ arguments: String...) async throws -> [[String: Any]] {
        let result = try await Operator(tenants: tenants).call(["usage"] + arguments)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]], "\(result)")
    }

    /// Writes two jobs of October as the pipeline does: 667 s in all, 10 minutes included, 4 cents per minute beyond.
    func bill() async throws {
        let example = tenants.example
        try await tenants.owner.transaction { transaction in
            try transaction.execute("UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'")
            try transaction.execute(
                "INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled) VALUES (\(example), 10, true)"
            )
            try transaction.execute(
                """
                INSERT INTO usage_months (tenant_id, month, used_seconds, admissions)
                VALUES (\(example), '2026-10', 667, 2)
                """)
            for (number, seconds) in [(1, 590), (2, 77)] {
                let job = "job_01M838NEQVMJ0RCZR3A9GJMFE\(number)"
                try transaction.execute(
                    """
                    INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested,
                        metadata, max_duration_ms, source_type, samples_total)
                    VALUES (\(example), \(job), 'completed', '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z', true, 'auto',
                        '{"team":"=A1"}', 1, 'upload', \(seconds * 16_000 - 1))
                    """)
                try transaction.execute(
                    """
                    INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds,
                        accept_overage, rate_micros_per_minute, admitted_at, settled_at)
                    VALUES (\(example), '2026-10', \(number), \(job), \(seconds), 'pro', 600, true, 40000,
                        '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z')
                    """)
            }
        }
    }
}

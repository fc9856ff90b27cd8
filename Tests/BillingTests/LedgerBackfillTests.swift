import Billing
import Foundation
import Logging
import Postgres
import Tenancy
import TestSupport
import Testing

/// A database from before there was a ledger: its jobs get their places in it.
@Suite struct LedgerBackfillTests {
    @Test func `jobs from before the ledger are in it afterwards, each once, and everything agrees`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in try FileManager.default.contentsOfDirectory(atPath: Checkout.migrations)
        where name.hasSuffix(".sql") && name < "0006" {
            try FileManager.default.copyItem(atPath: Checkout.migrations + "/" + name, toPath: folder.path + "/" + name)
        }
        try await withTestDatabase { database in
            let logger = Logger(label: "test")
            try await Migrator(directory: folder.path).migrate(url: database.url, logger: logger)
            let owner = database.pool()
            let tenant = try await owner.transaction { transaction in
                let tenant = try Tenant.create(
                    name: "Old", plan: .pro, at: LedgerScene.time("2026-01-01T00:00:00Z"), in: transaction
                ).id
                try Self.insertJobs(of: tenant, in: transaction)
                return tenant
            }
            try await Migrator(directory: Checkout.migrations).migrate(url: database.url, logger: logger)
            let seen = try await owner.transaction(isolation: .repeatableRead) { transaction in
                try [LedgerScene.october, LedgerScene.november].map { month in
                    let state = try MonthState.of(month, tenant: tenant, in: transaction)
                    let differences = try LedgerCheck.run(month, in: transaction).map(\.description)
                    return "\(state.used) \(state.reserved) \(state.admissions) \(differences)"
                }
            }
            #expect(seen == ["2 0 1 []", "1 4 4 []"])
            await owner.close()
        }
    }

    private static func insertJobs(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        let jobs: [(status: String, created: String, samples: Int64?, estimate: Int64?)] = [
            ("completed", "2026-10-31T23:59:59.999Z", 16_001, 900), ("completed", "2026-11-01T00:00:00Z", 16_000, 5000),
            ("queued", "2026-11-02T00:00:00Z", nil, 3001), ("processing", "2026-11-03T00:00:00Z", 16_000, nil),
            ("cancelled", "2026-11-04T00:00:00Z", 16_000, 5000),
        ]
        for job in jobs {
            let created = LedgerScene.time(job.created)
            let isOver = job.status == "completed" || job.status == "cancelled"
            try transaction.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested,
                    max_duration_ms, source_type, samples_total, estimated_ms)
                VALUES (\(tenant), \(TestJob(at: created)), \(job.status), \(created), \(isOver ? created : nil), true,
                    'auto', 1000, 'upload', \(job.samples), \(job.estimate))
                """)
        }
    }
}

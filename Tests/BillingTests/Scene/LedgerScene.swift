import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// Two accounts whose jobs are submitted, end and are billed as in the pipeline, at times that the test sets. The accounts are older than all
/// months of the tests.
struct LedgerScene: Sendable {
    let tenants: Tenants

    static func with(plan: PlanName = .pro, _ body: (LedgerScene) async throws -> Void) async throws {
        try await Tenants.with(plan: plan) { tenants in
            try await tenants.owner.execute("UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'")
            try await body(LedgerScene(tenants: tenants))
        }
    }

    static let inOctober = time("2026-10-15T12:00:00Z")
    static let inNovember = time("2026-11-15T12:00:00Z")
    static let october = BillingMonth(of: inOctober)
    static let november = BillingMonth(of: inNovember)

    static func time(_ text: String) -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else { preconditionFailure("\(text) is no time") }
        return time
    }

    /// Submits a job and makes its reservation, in one transaction.
    @discardableResult
    func submit(
        _ job: TestJob = TestJob(), of tenant: TenantID? = nil, by key: APIKeyID? = nil, seconds: Int64?,
        acceptOverage: Bool = false, at now: Timestamp = inNovember, metadata: String = "{}"
    ) async throws -> TestJob {
        let tenant = tenant ?? tenants.example
        try await tenants.databases.app.transaction(of: tenant) { transaction in
            let effectiveLimits = try #require(try EffectiveLimits.of(tenant, in: transaction))
            try Reservation.make(
                for: job, of: tenant, by: key.map(Submitter.key), seconds: seconds, effectiveLimits: effectiveLimits,
                acceptOverage: acceptOverage, at: now, in: transaction)
            try transaction.execute(
                """
                INSERT INTO jobs (
                    tenant_id, id, created_at, diarize, language_requested, metadata, max_duration_ms, source_type,
                    key_id)
                VALUES (\(tenant), \(job), \(now), true, 'auto', \(metadata), 1000, 'upload', \(key))
                """)
        }
        return job
    }

    func resize(
        _ job: TestJob, of tenant: TenantID? = nil, to seconds: Int64, at now: Timestamp = inNovember
    ) async throws {
        let tenant = tenant ?? tenants.example
        try await tenants.databases.app.transaction(of: tenant) {
            try Reservation.resize(job, of: tenant, to: seconds, at: now, in: $0)
        }
    }

    /// Completes the job with that many seconds. The last second lacks `missing` samples.
    func complete(
        _ job: TestJob, of tenant: TenantID? = nil, seconds: Int64, missing: Int64 = 0
    ) async throws {
        let tenant = tenant ?? tenants.example
        try await tenants.databases.app.transaction(of: tenant) { transaction in
            try transaction.execute(
                """
                UPDATE jobs SET status = 'completed', completed_at = now(), samples_total = \(seconds * 16_000 - missing)
                WHERE tenant_id = \(tenant) AND id = \(job)
                """)
            try Reservation.settle(job, of: tenant, seconds: seconds, in: transaction)
        }
    }

    func cancel(_ job: TestJob, of tenant: TenantID? = nil) async throws {
        let tenant = tenant ?? tenants.example
        try await tenants.databases.app.transaction(of: tenant) { transaction in
            try transaction.execute(
                """
                UPDATE jobs SET status = 'cancelled', completed_at = now() WHERE tenant_id = \(tenant) AND id = \(job)
                """)
            try Reservation.release(job, of: tenant, in: transaction)
        }
    }

    /// Submits and completes a job.
    @discardableResult
    func bill(
        of tenant: TenantID? = nil, seconds: Int64, acceptOverage: Bool = false, at now: Timestamp = inNovember,
        metadata: String = "{}"
    ) async throws -> TestJob {
        let job = try await submit(
            of: tenant, seconds: seconds, acceptOverage: acceptOverage, at: now, metadata: metadata)
        try await complete(job, of: tenant, seconds: seconds)
        return job
    }

    /// Sets the account's own limits.
    func allow(_ tenant: TenantID? = nil, minutes: Int64?, overage: Bool = true) async throws {
        try await tenants.owner.execute(
            """
            INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled)
            VALUES (\(tenant ?? tenants.example), \(minutes), \(overage))
            ON CONFLICT (tenant_id) DO UPDATE SET monthly_minutes = excluded.monthly_minutes,
                overage_enabled = excluded.overage_enabled
            """)
    }

    func move(_ tenant: TenantID? = nil, to plan: PlanName) async throws {
        try await tenants.owner.execute("UPDATE tenants SET plan = \(plan) WHERE id = \(tenant ?? tenants.example)")
    }

    func adjust(_ month: BillingMonth, cents: Int64) async throws {
        let example = tenants.example
        try await tenants.owner.transaction {
            _ = try Adjustment(tenant: example, month: month, cents: cents, reason: "because", author: "olga")
                .record(in: $0)
        }
    }

    /// - Parameter now: in November, so that November is the month that is not over.
    func statement(
        _ month: BillingMonth = november, of tenant: TenantID? = nil, at now: Timestamp = inNovember
    ) async throws -> Statement {
        let tenant = tenant ?? tenants.example
        let statements = try await tenants.owner.transaction(isolation: .repeatableRead) {
            try Statement.all(of: month, tenant: tenant, at: now, in: $0)
        }
        #expect(statements.count == 1)
        return try #require(statements.first)
    }

    /// The usage that the API shows the customer.
    func usage(
        _ month: BillingMonth = november, of tenant: TenantID? = nil, at now: Timestamp = inNovember
    ) async throws -> TenantUsage {
        let usage = try await TenantUsage.of(
            tenant ?? tenants.example, month: month, at: now, on: tenants.databases.app)
        return try #require(usage)
    }

    /// What was used by day, key or metadata.
    func groups(
        _ month: BillingMonth = november, by grouping: UsageGrouping, byDay: Bool = false
    ) async throws -> [UsageGroup] {
        let usage = try await TenantUsage.of(
            tenants.example, month: month, groupedBy: grouping, byDay: byDay, at: Self.inNovember,
            on: tenants.databases.app)
        return try #require(usage?.groups)
    }

    /// Deletes a completed job's metadata, as when its customer deletes the job.
    func deleteMetadata(of job: TestJob) async throws {
        let tenant = tenants.example
        try await tenants.databases.app.transaction(of: tenant) { transaction in
            try UsageSums.removeMetadata(of: job, tenant, in: transaction)
            try transaction.execute("UPDATE jobs SET metadata = '{}' WHERE tenant_id = \(tenant) AND id = \(job)")
        }
    }

    /// Every difference, one text each.
    func differences(_ month: BillingMonth = november) async throws -> [String] {
        try await tenants.owner.transaction(isolation: .repeatableRead) {
            try LedgerCheck.run(month, in: $0).map(\.description)
        }
    }

    @discardableResult
    func close(
        _ month: BillingMonth = november, at now: Timestamp = time("2026-12-02T00:00:00Z")
    ) async throws -> MonthClosing.Outcome {
        try await tenants.owner.transaction { try MonthClosing.run(month, at: now, in: $0) }
    }

    /// A month's export as CSV.
    func export(_ month: BillingMonth = november) async throws -> String {
        try await tenants.owner.transaction(isolation: .repeatableRead) {
            let rows = try Statement.all(of: month, in: $0).flatMap(\.rows)
            return ([CSV.header(Statement.columnNames)] + rows.map { CSV.row($0.map(\.cell)) }).joined()
        }
    }

    func detail(_ month: BillingMonth = november) async throws -> [String] {
        try await tenants.owner.transaction(isolation: .repeatableRead) {
            var text = ""
            try DetailExport(month: month, tenant: nil).writeCSV(in: $0) { text += $0 }
            return text.utf8.split(separator: 10).map { String(decoding: $0.dropLast(), as: UTF8.self) }
        }
    }

    /// What operators see of one of the first account's jobs.
    func bill(of job: String) async throws -> JobBill? {
        let tenant = tenants.example
        return try await tenants.owner.transaction { try JobBill.of(TestJob(unchecked: job), of: tenant, in: $0) }
    }

    /// The first account's billed jobs, as the detailed export has them.
    func overageByJob(_ month: BillingMonth) async throws -> [String: Int64] {
        let tenant = tenants.example
        return try await tenants.owner.transaction(isolation: .repeatableRead) {
            var overage: [String: Int64] = [:]
            try DetailExport(month: month, tenant: tenant).forEach(in: $0) { row in
                let cells = Dictionary(uniqueKeysWithValues: row.columns.map { ($0.name.description, $0.cell) })
                guard case .text(let job) = cells["job_id"], case .number(let seconds) = cells["overage_seconds"]
                else {
                    Issue.record("a row without its job or overage")
                    return
                }
                overage[job] = Int64(seconds)
            }
            return overage
        }
    }
}

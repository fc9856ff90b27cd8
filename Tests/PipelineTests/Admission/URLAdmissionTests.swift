import Billing
import Egress
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Jobs of recordings that nobody has seen yet.
@Suite struct URLAdmissionTests {
    private static func submit(_ tenants: Tenants, _ tenant: TenantID, acceptOverage: Bool = false) async throws -> Job
    {
        let source = try SourceURL("https://example.org/a.mp3?token=t", policy: AddressPolicy())
        let admission = Admission(
            databases: tenants.databases, hint: QueueHint(databases: tenants.databases, logger: Logger(label: "test")))
        return try await admission.admit(
            Submission(
                id: JobID(), tenant: tenant, submitter: nil, options: JobOptions(), acceptOverage: acceptOverage,
                source: .url(source)))
    }

    @Test func `a URL's job holds nothing yet, and begins with a fetch that starts it`() async throws {
        try await Tenants.with { tenants in
            let job = try await Self.submit(tenants, tenants.example)
            #expect(job.source == .url("https://example.org/a.mp3?token=t"))
            #expect(job.status == .queued)
            #expect(job.estimatedMilliseconds == nil)
            let seconds = try await tenants.owner.query("SELECT seconds FROM reservations").map {
                try $0.decode(Int64.self)
            }
            #expect(seconds == [0])
            let queue = TaskQueue(databases: tenants.databases, worker: "w")
            #expect(try await queue.claim(limit: 5) == [])
            let claims = try await queue.claimFetches(limit: 5, share: 5, beside: [:])
            #expect(claims.map(\.kind) == [.fetch])
            let tenant = tenants.example
            let running = try await tenants.databases.app.transaction(of: tenant) {
                try Job.find(job.id, of: tenant, in: $0)
            }
            #expect(running?.status == .processing)
        }
    }

    @Test func `with nothing left of the month it is refused at once, unless overage is bought`() async throws {
        try await Tenants.with { tenants in
            let tenant = tenants.example
            try await tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled) VALUES (\(tenant), 0, true)")
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: true)) {
                _ = try await Self.submit(tenants, tenant)
            }
            #expect(try await tenants.owner.query("SELECT FROM jobs").isEmpty)
            _ = try await Self.submit(tenants, tenant, acceptOverage: true)
            #expect(try await tenants.owner.query("SELECT FROM jobs WHERE source_type = 'url'").count == 1)
        }
    }
}

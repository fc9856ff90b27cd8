import Billing
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// How jobs are cancelled and deleted, and what stays of them.
@Suite struct JobLifecycleTests {
    private static func delete(_ job: JobID, _ scene: QueueScene, of tenant: TenantID? = nil) async throws -> Bool {
        let tenant = tenant ?? scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try JobDeletion.remove(job, of: tenant, in: $0)
        }
    }

    private static func month(_ scene: QueueScene) async throws -> UsageMonth {
        let tenant = scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try UsageMonth.of(BillingMonth(of: .now()), tenant: tenant, in: $0)
        }
    }

    @Test func `a waiting job is cancelled: it never starts, gives its minutes back, and its audio goes`() async throws
    {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            #expect(try await scene.cancel(job.id)?.status == .cancelled)
            #expect(try await scene.first.claim(limit: 5) == [])
            #expect(try await scene.first.claimCleanups(limit: 5).map(\.kind) == [.clean])
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            #expect(try await Self.month(scene).reserved == 0)
            await #expect(throws: JobFinished.self) { try await scene.cancel(job.id) }
        }
    }

    @Test func `a running job's worker is told within its next look, and can write nothing more`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            #expect(try await scene.first.held([prepare]) == [prepare])
            _ = try await scene.cancel(job.id)
            #expect(try await scene.first.held([prepare]) == [])
            await #expect(throws: LeaseLost.self) { try await scene.write(prepare) { try $0.finish(in: $1) } }
            await #expect(throws: LeaseLost.self) {
                try await scene.write(prepare) { try $0.failJob(.internal, in: $1) }
            }
            #expect(try await scene.job(job.id)?.status == .cancelled)
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    @Test func `another tenant's job is neither cancelled nor deleted`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            #expect(try await scene.cancel(job.id, of: scene.tenants.other) == nil)
            #expect(try await Self.delete(job.id, scene, of: scene.tenants.other) == false)
            #expect(try await scene.job(job.id)?.status == .queued)
        }
    }

    @Test func `a running job is not deleted; a finished one leaves a tombstone without content`() async throws {
        try await QueueScene.run { scene in
            var options = JobOptions()
            options.metadata = #"{"case":"secret"}"#
            let job = try await scene.submit(options: options)
            await #expect(throws: JobDeletion.JobActive.self) { try await Self.delete(job.id, scene) }
            _ = try await scene.cancel(job.id)
            #expect(try await Self.delete(job.id, scene))
            #expect(try await scene.job(job.id) == nil)
            #expect(try await Self.delete(job.id, scene) == false)
            let tenant = scene.tenants.example
            let listed = try await JobPage.load(of: tenant, JobFilter(), limit: 10, on: scene.tenants.databases.app)
            #expect(listed.jobs == [])
            let row = try await scene.tenants.owner.query("SELECT to_jsonb(j)::text FROM jobs j")[0].decode(String.self)
            #expect(row.contains(job.id.rawValue) && row.contains("cancelled"))
            for content in ["a.wav", "secret"] { #expect(!row.contains(content)) }
            // Its audio is still to go.
            #expect(try await scene.first.claimCleanups(limit: 5).map(\.kind) == [.clean])
        }
    }

    @Test func `cancelling races with the end: one of them wins, and the bill agrees`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<20 {
                let job = try await scene.submit()
                let claim = try #require(try await scene.first.claim(limit: 1).first)
                async let cancelled: Job? = try? scene.cancel(job.id)
                async let failed: Void? = try? scene.write(claim) { try $0.failJob(.internal, in: $1) }
                _ = await (cancelled, failed)
                #expect(try await scene.job(job.id)?.status.isFinished == true)
                #expect(try await scene.first.claimCleanups(limit: 5).count == 1)
            }
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            #expect(try await Self.month(scene) == UsageMonth(used: 0, reserved: 0, admissions: 20, isClosed: false))
        }
    }

    @Test func `a deleted job's tasks go with it, but for its clean-up, and nobody else's`() async throws {
        try await QueueScene.run { scene in
            let (first, second) = (try await scene.submit(), try await scene.submit())
            for job in [first, second] { _ = try await scene.cancel(job.id) }
            #expect(try await Self.delete(first.id, scene))
            let left = try await scene.tenants.owner.query("SELECT job_id, kind FROM tasks ORDER BY id").map {
                let (job, kind) = try $0.decode(JobID.self, TaskKind.self)
                return "\(job) \(kind.rawValue)"
            }
            #expect(left.sorted() == ["\(first.id) clean", "\(second.id) clean", "\(second.id) prepare"].sorted())
        }
    }
}

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
    private static func cancel(_ job: JobID, _ scene: QueueScene, of tenant: TenantID? = nil) async throws -> Job? {
        let tenant = tenant ?? scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try Job.cancel(job, of: tenant, in: $0)
        }
    }

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
            #expect(try await Self.cancel(job.id, scene)?.status == .cancelled)
            #expect(try await scene.first.claim(limit: 5) == [])
            #expect(try await scene.first.claimCleanups(limit: 5).map(\.kind) == [.clean])
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            #expect(try await Self.month(scene).reserved == 0)
            await #expect(throws: JobFinished.self) { try await Self.cancel(job.id, scene) }
        }
    }

    @Test func `a running job's worker is told within its next look, and can write nothing more`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            #expect(try await scene.first.held([prepare]) == [prepare])
            _ = try await Self.cancel(job.id, scene)
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
            #expect(try await Self.cancel(job.id, scene, of: scene.tenants.other) == nil)
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
            _ = try await Self.cancel(job.id, scene)
            #expect(try await Self.delete(job.id, scene))
            #expect(try await scene.job(job.id) == nil)
            #expect(try await Self.delete(job.id, scene) == false)
            let tenant = scene.tenants.example
            let listed = try await scene.tenants.databases.app.transaction(of: tenant) {
                try JobPage.load(of: tenant, JobFilter(), limit: 10, in: $0)
            }
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
                async let cancelled: Job? = try? Self.cancel(job.id, scene)
                async let failed: Void? = try? scene.write(claim) { try $0.failJob(.internal, in: $1) }
                _ = await (cancelled, failed)
                #expect(try await scene.job(job.id)?.status.isFinished == true)
                #expect(try await scene.first.claimCleanups(limit: 5).count == 1)
            }
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            #expect(try await Self.month(scene) == UsageMonth(used: 0, reserved: 0, admissions: 20, isClosed: false))
        }
    }

    @Test func `the sweep removes audio that no job needs, and nothing else`() async throws {
        try await QueueScene.run { scene in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let storage = try FileStorage(root: folder.path)
            let (waiting, removed, unknown) = (try await scene.submit(), try await scene.submit(), JobID())
            try await scene.tenants.owner.execute(
                "UPDATE jobs SET source_deleted_at = now(), source_key = NULL WHERE id = \(removed.id)")
            let tenant = scene.tenants.example
            for job in [waiting.id, removed.id, unknown] {
                try await storage.write([1], as: .source(of: job, tenant: tenant))
            }
            let clock = TestClock()
            let sweep = OrphanSweep(
                databases: scene.tenants.databases, storage: storage, logger: Logger(label: "test"), clock: clock.now)
            #expect(try await sweep.sweep() == 0)
            clock.advance(by: OrphanSweep.grace + .seconds(2))
            #expect(try await sweep.sweep() == 2)
            let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
                $0.hasSuffix("source")
            }
            #expect(left == [StorageKey.source(of: waiting.id, tenant: tenant).path])
        }
    }

    @Test func `what cannot be swept keeps nothing else there, and a job whose audio was found late says so`()
        async throws
    {
        try await QueueScene.run { scene in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let storage = try FileStorage(root: folder.path)
            let owner = scene.tenants.owner
            var jobs: [JobID] = []
            for _ in 0..<4 { jobs.append(try await scene.submit().id) }
            try await owner.execute("UPDATE jobs SET source_deleted_at = '2026-01-01', source_key = NULL")
            for job in jobs { try await storage.write([1], as: .source(of: job, tenant: scene.tenants.example)) }
            let stubborn = jobs[1...2].map(\.rawValue)
            for statement in [
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id IN ('\(stubborn[0])', '\(stubborn[1])') THEN RAISE EXCEPTION 'no'; END IF;
                RETURN NEW; END $$
                """,
                "CREATE TRIGGER refuse BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION refuse()",
            ] { try await owner.execute(PostgresQuery(unescaped: statement)) }
            let clock = TestClock()
            clock.advance(by: OrphanSweep.grace + .seconds(2))
            let sweep = OrphanSweep(
                databases: scene.tenants.databases, storage: storage, logger: Logger(label: "test"), clock: clock.now)
            #expect(try await sweep.sweep() == 2)
            #expect(try folder.files.filter { $0.hasSuffix("source") } == [])
            let corrected = try await owner.query(
                "SELECT id FROM jobs WHERE source_deleted_at > '2026-01-01' ORDER BY id"
            ).map { try $0.decode(JobID.self) }
            #expect(corrected == [jobs[0], jobs[3]].sorted { $0.rawValue < $1.rawValue })
        }
    }

    @Test func `a deleted job's tasks go with it, but for its clean-up, and nobody else's`() async throws {
        try await QueueScene.run { scene in
            let (first, second) = (try await scene.submit(), try await scene.submit())
            for job in [first, second] { _ = try await Self.cancel(job.id, scene) }
            #expect(try await Self.delete(first.id, scene))
            let left = try await scene.tenants.owner.query("SELECT job_id, kind FROM tasks ORDER BY id").map {
                let (job, kind) = try $0.decode(JobID.self, TaskKind.self)
                return "\(job) \(kind.rawValue)"
            }
            #expect(left.sorted() == ["\(first.id) clean", "\(second.id) clean", "\(second.id) prepare"].sorted())
        }
    }

    @Test func `tasks of jobs that ended a month ago are swept, however many, and none that anybody needs`()
        async throws
    {
        try await QueueScene.run { scene in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let owner = scene.tenants.owner
            let (old, recent, unfinished) = (
                try await scene.submit(), try await scene.submit(), try await scene.submit(scene.tenants.other)
            )
            for job in [old, recent] {
                _ = try await Self.cancel(job.id, scene)
                let claim = try #require(try await scene.first.claimCleanups(limit: 1).first)
                try await scene.write(claim) { try $0.finish(in: $1) }
            }
            // A job that runs for more than a month, one of whose tasks is done.
            let running = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(running) {
                try $0.finish(in: $1)
                try $0.follow(with: .assemble, in: $1)
            }
            try await owner.execute(
                """
                INSERT INTO tasks (tenant_id, job_id, kind, part, status, priority)
                SELECT tenant_id, id, 'recognize', n, 'done', 1 FROM jobs CROSS JOIN generate_series(1, 2500) n WHERE id = \(old.id)
                """)
            try await owner.execute(
                "UPDATE tasks SET created_at = created_at - interval '31 days' WHERE job_id IN (\(old.id), \(unfinished.id))"
            )
            let sweep = OrphanSweep(
                databases: scene.tenants.databases, storage: try FileStorage(root: folder.path),
                logger: Logger(label: "test"))
            #expect(try await sweep.forgetTasks() == 2502)
            #expect(try await sweep.forgetTasks() == 0)
            let left = try await owner.query("SELECT job_id, count(*) FROM tasks GROUP BY 1").map {
                let (job, count) = try $0.decode(JobID.self, Int.self)
                return "\(job) \(count)"
            }
            #expect(left.sorted() == ["\(recent.id) 2", "\(unfinished.id) 2"].sorted())
            // The job's record stays, and so does its bill.
            #expect(try await scene.job(old.id)?.status == .cancelled)
        }
    }
}

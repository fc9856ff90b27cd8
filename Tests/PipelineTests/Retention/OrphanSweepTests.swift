import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Audio and tasks that no job needs any more.
@Suite struct OrphanSweepTests {
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

    @Test func `tasks of jobs that ended a day ago are swept, however many, and none that anybody needs`()
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
                _ = try await scene.cancel(job.id)
                let claim = try #require(try await scene.first.claimCleanups(limit: 1).first)
                try await scene.write(claim) { try $0.finish(in: $1) }
            }
            // A job that runs for more than a day, one of whose tasks is done.
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
                "UPDATE tasks SET created_at = created_at - interval '25 hours' WHERE job_id IN (\(old.id), \(unfinished.id))"
            )
            try await owner.execute(
                "UPDATE jobs SET completed_at = completed_at - interval '25 hours' WHERE id = \(old.id)")
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

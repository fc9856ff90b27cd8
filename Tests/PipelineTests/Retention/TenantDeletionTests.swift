import Billing
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// How an account is erased while others go on.
@Suite struct TenantDeletionTests {
    private static func delete(_ scene: QueueScene) async throws -> TenantDeletion.Outcome {
        try await TenantDeletion(of: scene.tenants.example, on: scene.tenants.owner, settling: .zero).run(by: "olga")
    }

    private static func count(_ query: PostgresQuery, _ scene: QueueScene) async throws -> Int {
        try await scene.tenants.owner.query(query)[0].decode(Int.self)
    }

    @Test func `a deletion that breaks off is finished by the next, and written down once`() async throws {
        try await QueueScene.run { scene in
            let owner = scene.tenants.owner
            _ = try await scene.tenants.issueKey(for: scene.tenants.example)
            for _ in 0..<3 { try await scene.submit() }
            _ = try await scene.first.claim(limit: 1)
            // The second job refuses to be erased.
            for statement in [
                """
                CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id = (SELECT id FROM jobs ORDER BY id OFFSET 1 LIMIT 1) THEN RAISE EXCEPTION 'no'; END IF;
                RETURN NEW; END $$
                """,
                "CREATE TRIGGER refuse_one BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION refuse_one()",
            ] { try await owner.execute(PostgresQuery(unescaped: statement)) }
            await #expect(throws: PostgresError.self) { try await Self.delete(scene) }
            #expect(
                try await Self.count(
                    "SELECT count(*) FROM tenants WHERE status = 'deleted' AND name = 'deleted'", scene)
                    == 1)
            try await owner.execute("DROP TRIGGER refuse_one ON jobs")
            let finished = try await Self.delete(scene)
            #expect(finished.jobs == 3)
            #expect(finished.jobsWithAudio == 3)
            #expect(try await Self.delete(scene).jobs == 0)
            #expect(try await Self.count("SELECT count(*) FROM jobs WHERE deleted_at IS NULL", scene) == 0)
            #expect(try await Self.count("SELECT count(*) FROM reservations", scene) == 0)
            #expect(try await Self.count("SELECT count(*) FROM audit_log WHERE action = 'tenant delete'", scene) == 1)
            #expect(try await Self.count("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL", scene) == 0)
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    @Test func `more jobs than fit in a step are erased, tombstones before and between them`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let example = scene.tenants.example
            try await scene.tenants.owner.execute(
                """
                INSERT INTO jobs (
                    tenant_id, id, status, completed_at, diarize, language_requested, max_duration_ms, source_type,
                    source_deleted_at, deleted_at)
                SELECT tenant_id, 'job_' || lpad(n::text, 26, '0'), 'cancelled', now(), true, 'auto', 1000, 'upload', now(),
                    CASE WHEN n % 3 = 0 THEN now() END
                FROM jobs, generate_series(1, 450) n WHERE tenant_id = \(example)
                """)
            let outcome = try await Self.delete(scene)
            #expect(outcome.jobs == 301)
            #expect(outcome.jobsWithAudio == 1)
            #expect(try await Self.count("SELECT count(*) FROM jobs WHERE deleted_at IS NULL", scene) == 0)
            #expect(try await Self.count("SELECT count(*) FROM jobs", scene) == 451)
            #expect(job.id.rawValue > "job_")
        }
    }

    @Test func `of recordings that come in meanwhile none outlives the deletion`() async throws {
        try await QueueScene.run { scene in
            let refused = try await withThrowingTaskGroup(of: Bool.self, returning: Int.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        do {
                            try await scene.submit()
                            return false
                        } catch AdmissionError.accountDeleted {
                            return true
                        }
                    }
                }
                group.addTask {
                    _ = try await Self.delete(scene)
                    return false
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(try await Self.count("SELECT count(*) FROM jobs WHERE deleted_at IS NULL", scene) == 0)
            #expect(try await Self.count("SELECT count(*) FROM jobs", scene) == 60 - refused)
            #expect(try await Self.count("SELECT count(*) FROM reservations", scene) == 0)
            await #expect(throws: AdmissionError.self) { try await scene.submit() }
            #expect(try await Self.count("SELECT count(*) FROM jobs WHERE deleted_at IS NULL", scene) == 0)
        }
    }

    @Test func `nothing of another account's is touched`() async throws {
        try await QueueScene.run { scene in
            let other = scene.tenants.other
            let job = try await scene.submit(other)
            let key = try await scene.tenants.issueKey(for: other)
            try await scene.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, concurrency) VALUES (\(other), 3)")
            try await scene.submit()
            #expect(try await Self.delete(scene).jobs == 1)
            let kept = try await scene.tenants.databases.app.transaction(of: other) {
                try Job.find(job.id, of: other, in: $0)
            }
            #expect(kept == job)
            let id = key.id
            #expect(
                try await Self.count(
                    """
                    SELECT count(*) FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
                    JOIN quota_overrides q ON q.tenant_id = t.id
                    WHERE k.id = \(id) AND k.revoked_at IS NULL AND t.status = 'active' AND t.name = 'Other'
                    """, scene) == 1)
        }
    }

    @Test func `there is nothing to delete where there is no account`() async throws {
        try await QueueScene.run { scene in
            await #expect(throws: TenantDeletion.NoTenant.self) {
                _ = try await TenantDeletion(of: TenantID(), on: scene.tenants.owner, settling: .zero).run(by: "olga")
            }
            let written = try await Self.count("SELECT count(*) FROM audit_log", scene)
            #expect(written == 0)
        }
    }

    @Test func `the included minutes of an open month's statement stay, and no other limit`() async throws {
        try await QueueScene.run { scene in
            let (owner, example) = (scene.tenants.owner, scene.tenants.example)
            try await owner.execute(
                """
                INSERT INTO quota_overrides (tenant_id, monthly_minutes, concurrency, overage_enabled)
                VALUES (\(example), 77, 3, true)
                """)
            try await scene.submit()
            let month = BillingMonth(of: .now())
            let before = try await owner.transaction { try Statement.all(of: month, in: $0) }
            _ = try await Self.delete(scene)
            let left = try await owner.query("SELECT to_jsonb(q)::text FROM quota_overrides q")[0].decode(String.self)
            #expect(left.contains("77") && !left.contains("true") && !left.contains(": 3"))
            #expect(before.contains { $0.tenant == example && $0.includedMinutes == 77 })
            try await owner.execute("UPDATE usage_months SET closed_at = now()")
            _ = try await Self.delete(scene)
            #expect(try await owner.query("SELECT FROM quota_overrides").isEmpty)
        }
    }

    /// An engine elsewhere that is slow to forget: meanwhile something else happens.
    private struct Slow: RecognitionEngine {
        let meanwhile: @Sendable () async throws -> Void

        func name() async throws -> String { "slow" }

        func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
            throw EngineError.quotaExceeded
        }

        func forget(_ ticket: EngineTicket) async throws { try await meanwhile() }
    }

    @Test func `a kept source goes at once, also when its clean-up is just under way`() async throws {
        try await QueueScene.run { scene in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let storage = try FileStorage(root: folder.path)
            let job = try await scene.submit()
            try await storage.write([1, 2, 3], as: .source(of: job.id, tenant: scene.tenants.example))
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(prepare) { claim, transaction in
                try claim.finish(in: transaction)
                try claim.follow(with: .recognize, part: 0, in: transaction)
            }
            let chunk = try #require(try await scene.first.claim(limit: 1).first)
            let ticket = EngineTicket(engine: "slow", id: "one", submittedAt: .now(), attempt: 1)
            try await scene.write(chunk) { try $0.keep(ticket, in: $1) }
            try await scene.write(chunk) { try $0.failJob(.internal, keepingSourceFor: .seconds(3600), in: $1) }
            let clean = try #require(try await scene.first.claimCleanups(limit: 1).first)
            let stage = CleanStage(
                databases: scene.tenants.databases, storage: storage,
                engine: Slow { _ = try await Self.delete(scene) })
            try await stage.run(clean)
            #expect(try folder.files.count == 1)
            try await eventually("the clean-up is due again") {
                guard let again = try await scene.first.claimCleanups(limit: 1).first else { return false }
                try await stage.run(again)
                return true
            }
            #expect(try folder.files == [])
            #expect(try await Self.delete(scene).jobsWithAudio == 0)
        }
    }
}

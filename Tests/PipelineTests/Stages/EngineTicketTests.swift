import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct EngineTicketTests {
    /// An engine that works elsewhere and remembers what it was asked to forget.
    private actor Elsewhere: RecognitionEngine {
        private(set) var forgotten: [String] = []
        private(set) var asked = 0
        private let broken: Set<String>

        init(broken: Set<String> = []) { self.broken = broken }

        func name() async throws -> String { "elsewhere" }

        func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
            throw EngineError.quotaExceeded
        }

        func forget(_ ticket: EngineTicket) async throws {
            asked += 1
            if broken.contains(ticket.id) { throw EngineError.unavailable(.networkError) }
            forgotten.append(ticket.id)
        }
    }

    private static func ticket(_ id: String) -> EngineTicket {
        EngineTicket(engine: "elsewhere", id: id, submittedAt: .now(), attempt: 1)
    }

    /// A job with two chunks under way that has just failed; its clean-up is claimed and given to `body` with the chunk that is left.
    private static func failed(
        keepingSourceFor retention: Duration = .zero,
        _ body: (QueueScene, _ clean: ClaimedTask, _ late: ClaimedTask) async throws -> Void
    ) async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(prepare) { claim, transaction in
                try claim.finish(in: transaction)
                for chunk in 0..<2 { try claim.follow(with: .recognize, part: chunk, in: transaction) }
            }
            let chunks = try await scene.first.claim(limit: 2)
            try await scene.write(chunks[0]) { try $0.failJob(.internal, keepingSourceFor: retention, in: $1) }
            let clean = try #require(try await scene.first.claimCleanups(limit: 1).first)
            try await body(scene, clean, chunks[1])
        }
    }

    private static func clean(
        _ scene: QueueScene, _ engine: Elsewhere, timeout: Duration = .seconds(30)
    ) throws -> (CleanStage, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let storage = try FileStorage(root: folder.path)
        return (
            CleanStage(databases: scene.tenants.databases, storage: storage, engine: engine, timeout: timeout), folder
        )
    }

    @Test func `a ticket that comes after the job's end sends the clean-up out again`() async throws {
        try await Self.failed { scene, clean, late in
            let engine = Elsewhere()
            let (stage, folder) = try Self.clean(scene, engine)
            defer { folder.remove() }
            try await stage.run(clean)
            #expect(try await scene.first.claimCleanups(limit: 1) == [])
            try await scene.write(late) { try $0.keep(Self.ticket("late"), in: $1) }
            let again = try #require(try await scene.first.claimCleanups(limit: 1).first)
            try await stage.run(again)
            #expect(await engine.forgotten == ["late"])
            #expect(try await scene.first.claimCleanups(limit: 1) == [])
        }
    }

    @Test func `while a failed job's source is kept, a late ticket is forgotten all the same, at once`() async throws {
        try await Self.failed(keepingSourceFor: .seconds(3600)) { scene, clean, late in
            let engine = Elsewhere()
            let (stage, folder) = try Self.clean(scene, engine)
            defer { folder.remove() }
            try await stage.run(clean)
            #expect(try await scene.first.claimCleanups(limit: 1) == [])
            #expect(try await scene.job(clean.job)?.sourceDeletedAt == nil)
            try await scene.write(late) { try $0.keep(Self.ticket("late"), in: $1) }
            try await stage.run(try #require(try await scene.first.claimCleanups(limit: 1).first))
            #expect(await engine.forgotten == ["late"])
            #expect(try await scene.first.claimCleanups(limit: 1) == [])
            try await scene.tenants.owner.execute("UPDATE jobs SET source_kept_until = now()")
            try await scene.tenants.owner.execute("UPDATE tasks SET run_after = now() WHERE kind = 'clean'")
            try await stage.run(try #require(try await scene.first.claimCleanups(limit: 1).first))
            #expect(try await scene.job(clean.job)?.sourceDeletedAt != nil)
        }
    }

    @Test func `a job that is deleted while its clean-up runs keeps its source no longer`() async throws {
        try await Self.failed(keepingSourceFor: .seconds(3600)) { scene, clean, _ in
            let (stage, folder) = try Self.clean(scene, Elsewhere())
            defer { folder.remove() }
            let tenant = scene.tenants.example
            let deleted = try await scene.tenants.databases.app.transaction(of: tenant) {
                try JobDeletion.remove(clean.job, of: tenant, in: $0)
            }
            #expect(deleted)
            // It had looked before the deletion: what it rests until is looked up anew.
            try await scene.write(clean) { try $0.rest(in: $1) }
            try await stage.run(try #require(try await scene.first.claimCleanups(limit: 1).first))
            let gone = try await scene.tenants.owner.query("SELECT source_deleted_at IS NOT NULL FROM jobs")
            #expect(try gone[0].decode(Bool.self))
        }
    }

    @Test func `a copy that cannot be deleted now keeps no other waiting, and is tried again`() async throws {
        try await Self.failed { scene, clean, late in
            for id in ["a", "stuck", "b"] {
                try await scene.write(late) { try $0.keep(Self.ticket(id), in: $1) }
            }
            let engine = Elsewhere(broken: ["stuck"])
            let (stage, folder) = try Self.clean(scene, engine)
            defer { folder.remove() }
            await #expect(throws: EngineError.unavailable(.networkError)) { try await stage.run(clean) }
            #expect(await engine.forgotten.sorted() == ["a", "b"])
            let left = try await scene.tenants.owner.query("SELECT ticket FROM engine_tickets").map {
                try $0.decode(String.self)
            }
            #expect(left == ["stuck"])
        }
    }

    @Test func `an engine that answers nothing is not asked for all of a long job's copies at once`() async throws {
        try await Self.failed { scene, clean, late in
            let ids = (0..<20).map { "copy-\($0)" }
            for id in ids { try await scene.write(late) { try $0.keep(Self.ticket(id), in: $1) } }
            let engine = Elsewhere(broken: Set(ids))
            let (stage, folder) = try Self.clean(scene, engine, timeout: .zero)
            defer { folder.remove() }
            await #expect(throws: EngineError.unavailable(.networkError)) { try await stage.run(clean) }
            #expect(await engine.asked == 1)
            // The recording did not wait for it.
            #expect(try await scene.job(clean.job)?.sourceDeletedAt != nil)
        }
    }

    @Test func `a copy that cannot be deleted keeps no source past its time`() async throws {
        try await Self.failed(keepingSourceFor: .seconds(1800)) { scene, clean, late in
            try await scene.write(late) { try $0.keep(Self.ticket("stuck"), in: $1) }
            let (stage, folder) = try Self.clean(scene, Elsewhere(broken: ["stuck"]))
            defer { folder.remove() }
            await #expect(throws: EngineError.unavailable(.networkError)) { try await stage.run(clean) }
            // By the hour, at the end of the schedule.
            try await scene.write(clean) { try $0.retry(after: .seconds(3600), error: "EngineError", in: $1) }
            let isInTime = try await scene.tenants.owner.query(
                """
                SELECT t.run_after = j.source_kept_until FROM tasks t JOIN jobs j ON j.id = t.job_id
                WHERE t.kind = 'clean' AND t.status = 'ready'
                """)
            #expect(try isInTime.map { try $0.decode(Bool.self) } == [true])
            try await scene.tenants.owner.execute("UPDATE jobs SET source_kept_until = now()")
            try await scene.tenants.owner.execute("UPDATE tasks SET run_after = now() WHERE kind = 'clean'")
            let again = try #require(try await scene.first.claimCleanups(limit: 1).first)
            await #expect(throws: EngineError.unavailable(.networkError)) { try await stage.run(again) }
            #expect(try await scene.job(clean.job)?.sourceDeletedAt != nil)
            // From now on it is tried by the hour again.
            try await scene.write(again) { try $0.retry(after: .seconds(3600), error: "EngineError", in: $1) }
            let waits = try await scene.tenants.owner.query(
                "SELECT run_after > now() + interval '59 minutes' FROM tasks WHERE kind = 'clean' AND status = 'ready'")
            #expect(try waits.map { try $0.decode(Bool.self) } == [true])
        }
    }
}

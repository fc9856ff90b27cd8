import Billing
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// How a failed job is submitted once more: once, whoever else is at it and whoever dies over it.
@Suite struct JobRetryTests {
    /// A failed job whose source is kept, as a worker leaves it whose engine was away for too long.
    private static func failedJob(_ scene: QueueScene, in storage: FileStorage? = nil) async throws -> JobRetry {
        let job = try await scene.submit().id
        try await storage?.write([1, 2, 3], as: .source(of: job, tenant: scene.tenants.example))
        let claim = try #require(try await scene.first.claim(limit: 1).first)
        try await scene.write(claim) { try $0.failJob(.transient, keepingSourceFor: .seconds(3600), in: $1) }
        return try await find(job, scene)
    }

    private static func find(_ job: JobID, _ scene: QueueScene) async throws -> JobRetry {
        try await scene.tenants.owner.transaction { try JobRetry.find(job, in: $0) }
    }

    private static func with(_ body: (QueueScene, FileStorage, TemporaryFolder) async throws -> Void) async throws {
        try await QueueScene.run { scene in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try await body(scene, try FileStorage(root: folder.path), folder)
        }
    }

    private static func begin(_ retry: JobRetry, _ scene: QueueScene) async throws -> RetryClaim {
        try await scene.tenants.owner.transaction { try retry.begin(as: JobID(), in: $0) }
    }

    private static func submit(
        _ retry: JobRetry, under claim: RetryClaim, _ scene: QueueScene, _ storage: FileStorage
    ) async throws -> Job {
        try await retry.submit(
            under: claim, acceptOverage: false, to: scene.admission(), storage: storage, on: scene.tenants.owner)
    }

    /// As if whoever holds the job had been silent for so long.
    private static func endLease(_ scene: QueueScene) async throws {
        try await scene.tenants.owner.execute(
            "UPDATE jobs SET retry_lease_until = now() - interval '1 second' WHERE retry_lease_until IS NOT NULL")
    }

    private static func jobs(_ scene: QueueScene) async throws -> Int {
        try await scene.tenants.owner.query("SELECT count(*) FROM jobs")[0].decode(Int.self)
    }

    @Test func `of many who try a job again at once one may, and the others are told its new name`() async throws {
        try await QueueScene.run { scene in
            let pool = scene.tenants.database.pool(size: 12)
            for _ in 0..<10 {
                let retry = try await Self.failedJob(scene)
                let named = try await withThrowingTaskGroup(of: (JobID, isWinner: Bool).self) { group in
                    for _ in 0..<12 {
                        group.addTask {
                            do {
                                return (try await pool.transaction { try retry.begin(as: JobID(), in: $0) }.new, true)
                            } catch let other as JobRetry.UnderWay {
                                return (other.job, false)
                            }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(named.count(where: \.isWinner) == 1)
                #expect(Set(named.map(\.0)).count == 1)
            }
            await pool.close()
        }
    }

    @Test func `of many who go all the way one job comes, with one reservation`() async throws {
        try await Self.with { scene, storage, folder in
            for round in 1...5 {
                let retry = try await Self.failedJob(scene, in: storage)
                let queued = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            do {
                                let claim = try await Self.begin(retry, scene)
                                _ = try await Self.submit(retry, under: claim, scene, storage)
                                return 1
                            } catch is JobRetry.UnderWay {
                                return 0
                            } catch is JobRetry.Done {
                                return 0
                            }
                        }
                    }
                    return try await group.reduce(into: 0) { $0 += $1 }
                }
                #expect(queued == 1)
                #expect(try await Self.jobs(scene) == round * 2)
                #expect(try await scene.tenants.owner.query("SELECT FROM reservations").count == 1)
                #expect(try folder.files.count == round * 2)
                // Out of the next round's way.
                let claim = try #require(try await scene.first.claim(limit: 1).first)
                try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            }
        }
    }

    @Test func `who dies between begin and the new job blocks the job for a while alone, and queues nothing late`()
        async throws
    {
        try await Self.with { scene, storage, folder in
            let retry = try await Self.failedJob(scene, in: storage)
            let dead = try await Self.begin(retry, scene)
            let refused = await #expect(throws: JobRetry.UnderWay.self) { try await Self.begin(retry, scene) }
            #expect(refused?.job == dead.new)
            #expect((refused?.until ?? .now()) > .now())

            try await Self.endLease(scene)
            let heir = try await Self.begin(retry, scene)
            // It was not dead but slow.
            await #expect(throws: AdmissionError.self) { try await Self.submit(retry, under: dead, scene, storage) }
            #expect(try await Self.jobs(scene) == 1)
            #expect(try folder.files.count == 1)
            await #expect(throws: JobRetry.UnderWay.self) { try await Self.begin(retry, scene) }

            #expect(try await Self.submit(retry, under: heir, scene, storage).id == heir.new)
            try await Self.endLease(scene)
            await #expect(throws: JobRetry.Done(job: heir.new)) { try await Self.begin(retry, scene) }
            #expect(try await Self.jobs(scene) == 2)
        }
    }

    @Test func `who is slow keeps the job by saying so, and its job is queued after more than a lease`() async throws {
        try await Self.with { scene, storage, _ in
            let retry = try await Self.failedJob(scene, in: storage)
            let claim = try await Self.begin(retry, scene)
            try await Self.endLease(scene)
            // Nobody took it meanwhile.
            #expect(try await Self.submit(retry, under: claim, scene, storage).id == claim.new)
            let free = try await scene.tenants.owner.query("SELECT FROM jobs WHERE retry_lease_until IS NULL").count
            #expect(free == 2)
        }
    }

    @Test func `what was refused may be tried again at once, and leaves nothing`() async throws {
        try await Self.with { scene, storage, folder in
            let retry = try await Self.failedJob(scene, in: storage)
            let tenant = scene.tenants.example
            try await scene.tenants.owner.execute(
                "INSERT INTO quota_overrides (tenant_id, monthly_minutes) VALUES (\(tenant), 0)")
            let first = try await Self.begin(retry, scene)
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await Self.submit(retry, under: first, scene, storage)
            }
            #expect(try await Self.jobs(scene) == 1)
            #expect(try folder.files.count == 1)
            try await scene.tenants.owner.execute("DELETE FROM quota_overrides")
            let second = try await Self.begin(retry, scene)
            _ = try await Self.submit(retry, under: second, scene, storage)
        }
    }

    @Test func `a job that its customer deletes meanwhile is not submitted once more`() async throws {
        try await Self.with { scene, storage, folder in
            let retry = try await Self.failedJob(scene, in: storage)
            let claim = try await Self.begin(retry, scene)
            let tenant = scene.tenants.example
            let job = try await scene.tenants.owner.query("SELECT id FROM jobs")[0].decode(JobID.self)
            try await scene.tenants.databases.app.transaction(of: tenant) {
                _ = try JobDeletion.remove(job, of: tenant, in: $0)
            }
            await #expect(throws: AdmissionError.self) { try await Self.submit(retry, under: claim, scene, storage) }
            await #expect(throws: JobRetry.Gone.self) { try await Self.begin(retry, scene) }
            #expect(try await Self.jobs(scene) == 1)
            #expect(try folder.files.filter { $0.contains(claim.new.rawValue) }.isEmpty)
        }
    }
}

import Billing
import Logging
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// A node loses its connection while the COMMIT of an admission is under way, and the server goes on with it: what is told and done then must
/// be what comes of it. Also for the first job of a month, whose row nobody can see until then.
@Suite struct AdmissionOutcomeUnknownTests {
    private static let lock: Int64 = 4_711
    private static let next = BillingMonth(of: .now()).end

    private final class Ending: Sendable {
        private let noted = Mutex(false)

        var isNoted: Bool { noted.withLock { $0 } }

        func note() { noted.withLock { $0 = true } }
    }

    /// A server whose COMMITs of new jobs wait for a lock, and a node that reaches it through a line that can be cut.
    private struct Scene {
        let queue: QueueScene
        let proxy: StallingProxy
        let node: Databases

        /// Runs `admit`, cuts the line in the middle of its COMMIT, and waits until it has to wait for what comes of that; or until it has
        /// ended, which is too early. Then has the server do `last`, and lets the COMMIT go on.
        func inDoubt<T: Sendable>(
            andThen last: String = "SELECT", _ admit: @escaping @Sendable () async throws -> T
        ) async throws -> Result<T, any Error> {
            let owner = queue.tenants.owner
            let ending = Ending()
            let admission = try await owner.whileOpen({ try $0.query("SELECT pg_advisory_xact_lock(\(lock))") }) {
                let admission = Task {
                    defer { ending.note() }
                    return try await admit()
                }
                try await eventually("the COMMIT is under way") { try await waiting(for: "COMMIT") == 1 }
                proxy.cut()
                try await eventually("the node waits for what comes of it, or is done") {
                    if ending.isNoted { return true }
                    return try await waiting(for: "%usage_months%") == 1
                }
                try await owner.query("\(unescaped: last)")
                return admission
            }
            return await admission.result
        }

        /// How many such statements wait for a lock.
        private func waiting(for pattern: String) async throws -> Int {
            try await queue.tenants.owner.query(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
                    AND wait_event_type = 'Lock' AND query LIKE \(pattern)
                """)[0].decode(Int.self)
        }

        func jobs() async throws -> [JobID] {
            try await queue.tenants.owner.query("SELECT id FROM jobs ORDER BY id").map { try $0.decode(JobID.self) }
        }
    }

    private static func with(_ body: (Scene) async throws -> Void) async throws {
        try await QueueScene.run { queue in
            try await queue.tenants.owner.execute(
                """
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
                $$ BEGIN PERFORM pg_advisory_xact_lock_shared(\(unescaped: "\(lock)")); RETURN NULL; END $$
                """)
            try await queue.tenants.owner.execute(
                """
                CREATE CONSTRAINT TRIGGER late AFTER INSERT ON jobs INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()
                """)
            let proxy = try StallingProxy(to: queue.tenants.database.url)
            let node = Databases(url: proxy.url, size: 2, logger: Logger(label: "test"))
            let scene = Scene(queue: queue, proxy: proxy, node: node)
            try await body(scene)
            await node.close()
        }
    }

    @Test func `the first job of a month is there, and its source is not given up`() async throws {
        try await Self.with { scene in
            let job = try await scene.inDoubt { try await scene.queue.submit(through: scene.node) }.get()
            #expect(try await scene.jobs() == [job.id])
            #expect(try await scene.queue.load() == TenantLoad(queued: 1, running: 0))
        }
    }

    @Test func `a later job of a month is there as well`() async throws {
        try await Self.with { scene in
            let first = try await scene.queue.submit()
            let job = try await scene.inDoubt { try await scene.queue.submit(through: scene.node) }.get()
            #expect(try await scene.jobs() == [first.id, job.id])
        }
    }

    @Test func `a job by URL is there, and is not to be sent again`() async throws {
        try await Self.with { scene in
            let job = try await scene.inDoubt { try await scene.queue.submitURL(through: scene.node) }.get()
            #expect(try await scene.jobs() == [job.id])
        }
    }

    @Test func `under an idempotency key the answer is kept, and the same request gets it again`() async throws {
        try await Self.with { scene in
            let (tenant, app) = (scene.queue.tenants.example, scene.queue.tenants.databases.app)
            let key = Submitter.key(try #require(APIKeyID(rawValue: "abcdefghijkl")))
            guard case .claimed(var claim) = try await IdempotencyKey.begin("k", of: tenant, by: key, on: app) else {
                Issue.record("the key was free")
                return
            }
            claim.fingerprint = [UInt8](repeating: 7, count: 32)
            let job = try await scene.inDoubt { [claim] in
                try await scene.queue.submit(under: claim, answer: [1, 2, 3], through: scene.node)
            }.get()
            // As whoever was refused frees it: that must not free what was accepted.
            try await claim.abandon(on: app)
            guard
                case .answered(_, let known, let answer) = try await IdempotencyKey.begin(
                    "k", of: tenant, by: key, on: app)
            else {
                Issue.record("the answer was not kept")
                return
            }
            #expect(known == job.id)
            #expect(answer == [1, 2, 3])
        }
    }

    @Test func `a failed job that is submitted once more keeps its copy of the recording, and is not free again`()
        async throws
    {
        try await Self.with { scene in
            let (queue, folder) = (scene.queue, try TemporaryFolder())
            defer { folder.remove() }
            let (storage, tenant) = (try FileStorage(root: folder.path), queue.tenants.example)
            let failed = try await queue.submit().id
            try await storage.write([1, 2, 3], as: .source(of: failed, tenant: tenant))
            let task = try #require(try await queue.first.claim(limit: 1).first)
            try await queue.write(task) { try $0.failJob(.transient, keepingSourceFor: .seconds(3600), in: $1) }
            let retry = try await queue.tenants.owner.transaction { try JobRetry.find(failed, in: $0) }
            let claim = try await queue.tenants.owner.transaction { try retry.begin(as: JobID(), in: $0) }
            // The first one of its month.
            let admission = queue.admission(through: scene.node, clock: { Self.next })
            let job = try await scene.inDoubt {
                try await retry.submit(
                    under: claim, acceptOverage: false, to: admission, storage: storage, on: queue.tenants.owner)
            }.get()
            #expect(try await scene.jobs() == [failed, job.id].sorted { $0.rawValue < $1.rawValue })
            #expect(try await storage.read(.source(of: job.id, tenant: tenant)) == [1, 2, 3])
            await #expect(throws: JobRetry.Done(job: job.id)) {
                _ = try await queue.tenants.owner.transaction { try retry.begin(as: JobID(), in: $0) }
            }
        }
    }

    @Test func `a COMMIT that comes to nothing is told as such, and leaves nothing`() async throws {
        try await Self.with { scene in
            let result = try await scene.inDoubt(
                andThen: """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND query = 'COMMIT' AND state = 'active'
                    """
            ) { try await scene.queue.submit(through: scene.node) }
            #expect {
                _ = try result.get()
            } throws: {
                guard case AdmissionError.notQueued = $0 else { return false }
                return true
            }
            #expect(try await scene.jobs() == [])
            #expect(try await scene.queue.load() == TenantLoad(queued: 0, running: 0))
        }
    }
}

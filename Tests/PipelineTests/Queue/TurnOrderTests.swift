import Billing
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Turns among many accounts, given by several workers at once, compared with the order in which a single one would give them.
@Suite struct TurnOrderTests {
    private static let accounts = 10_000
    private static let batch = 8

    /// Makes accounts of a benchmark's kind, account N with N % 3 + 1 tasks of one running job. One in ten has priority.
    private static func fill(_ scene: QueueScene) async throws {
        try await scene.tenants.owner.execute(
            """
            WITH accounts AS (
                INSERT INTO tenants (id, name, plan)
                SELECT 'ten_' || lpad(n::text, 26, '0'), 'Account', 'pro' FROM generate_series(1, \(accounts)) n RETURNING id
            ), loads AS (
                INSERT INTO tenant_load (tenant_id, running_jobs) SELECT id, 1 FROM accounts
            ), jobs AS (
                INSERT INTO jobs (
                    tenant_id, id, status, started_at, diarize, language_requested, max_duration_ms, source_type)
                SELECT id, replace(id, 'ten', 'job'), 'processing', now(), false, 'en', 60000, 'upload' FROM accounts
            )
            SELECT count(*) FROM accounts
            """)
        try await scene.tenants.owner.execute(
            """
            INSERT INTO tasks (tenant_id, job_id, kind, part, priority)
            SELECT id, replace(id, 'ten', 'job'), 'recognize', part, CASE WHEN number % 10 = 0 THEN 0 ELSE 1 END
            FROM (SELECT id, right(id, 5)::int AS number FROM tenants WHERE name = 'Account') a
            CROSS JOIN LATERAL generate_series(0, number % 3) part ORDER BY number, part
            """)
    }

    /// The tenants in the order of their turns: each class in rounds, and one turn in five the normal class's.
    private static func ideal() -> [TenantID] {
        func rounds(_ isPriority: Bool) -> [TenantID] {
            let numbers = (1...accounts).filter { $0.isMultiple(of: 10) == isPriority }
            return (0..<3).flatMap { round in numbers.filter { $0 % 3 >= round } }.map { number in
                let digits = String(number)
                return TenantID(unchecked: "ten_" + String(repeating: "0", count: 26 - digits.count) + digits)
            }
        }
        var (priority, normal) = (rounds(true)[...], rounds(false)[...])
        var order: [TenantID] = []
        while !priority.isEmpty || !normal.isEmpty {
            order += priority.prefix(4)
            priority = priority.dropFirst(4)
            order += normal.prefix(priority.isEmpty ? normal.count : 1)
            normal = normal.dropFirst(priority.isEmpty ? normal.count : 1)
        }
        return order
    }

    /// Claims all there is, as two workers at the same time or one after the other.
    private static func claimAll(_ scene: QueueScene, atOnce: Bool) async throws -> [ClaimedTask] {
        let queues = [scene.first, scene.second]
        guard atOnce else {
            var claims: [ClaimedTask] = []
            for turn in 0... {
                let next = try await queues[turn % 2].claim(limit: batch)
                if next.isEmpty { break }
                claims += next
            }
            return claims
        }
        return try await withThrowingTaskGroup(of: [ClaimedTask].self) { group in
            for queue in queues {
                group.addTask {
                    var claims: [ClaimedTask] = []
                    while true {
                        let next = try await queue.claim(limit: batch)
                        if next.isEmpty { return claims }
                        claims += next
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    @Test(arguments: [false, true])
    func `ten thousand accounts get turns as one worker alone would give them, but for what is claimed at once`(
        atOnce: Bool
    ) async throws {
        try await QueueScene.run { scene in
            try await Self.fill(scene)
            let claims = try await Self.claimAll(scene, atOnce: atOnce)
            let order = claims.sorted { $0.fence < $1.fence }.map(\.tenant)
            let ideal = Self.ideal()
            #expect(order.count == ideal.count)
            #expect(Set(claims.map(\.id)).count == ideal.count, "a task was claimed twice")
            // Each tenant's first, second and third turn, as places in the order.
            func places(_ order: [TenantID]) -> [TenantID: [Int]] {
                Dictionary(grouping: order.indices, by: { order[$0] })
            }
            let wanted = places(ideal)
            let delays = places(order).flatMap { tenant, turns in
                zip(turns, wanted[tenant] ?? []).map { abs($0 - $1) }
            }
            // Each worker counts its own turns of the priority class. At once, one may stand still, on a busy machine, with the turns that it has.
            if !atOnce { #expect(delays.max() ?? 0 <= 20 * Self.batch) }
            #expect(delays.reduce(0, +) / max(1, delays.count) <= 2 * Self.batch)
        }
    }

    @Test func `an account that comes while ten thousand wait is next`() async throws {
        try await QueueScene.run { scene in
            try await Self.fill(scene)
            // Each has had a turn.
            try await scene.tenants.owner.execute("UPDATE tenant_turns SET last_turn = nextval('turn_numbers')")
            for _ in 0..<100 { #expect(try await scene.first.claim(limit: Self.batch).count == Self.batch) }
            let job = try await scene.submit(queuePriority: .priority)
            #expect(try await scene.second.claim(limit: 2).map(\.job).contains(job.id))
            let other = try await scene.submit(scene.tenants.other)
            // At most four turns of the priority class come before it.
            #expect(try await scene.second.claim(limit: 5).map(\.job).contains(other.id))
        }
    }

    private final class Progress: Sendable {
        private let state = Mutex((submitted: 0, ended: 0))

        var submitted: Int { state.withLock { $0.submitted } }
        var ended: Int { state.withLock { $0.ended } }

        func noteSubmitted() { state.withLock { $0.submitted += 1 } }
        func noteEnded(_ count: Int) { state.withLock { $0.ended += count } }
    }

    /// Puts a task off, makes it queue another, or ends its job.
    private static func goOn(with claim: ClaimedTask, in transaction: PostgresTransaction) throws {
        switch claim.kind {
        case .prepare where claim.attempt == 1: try claim.retry(after: .zero, error: "x", in: transaction)
        case .prepare:
            try claim.finish(in: transaction)
            try claim.follow(with: .assemble, in: transaction)
        default: try claim.failJob(.internal, in: transaction)
        }
    }

    // Nothing here calls what mends a forgotten task.
    @Test func `no task is forgotten, however it becomes ready while claims find none`() async throws {
        try await QueueScene.run(plan: .business) { scene in
            let (rounds, submitters) = (100, 4)
            let progress = Progress()
            try await withThrowingTaskGroup { group in
                for number in 0..<submitters {
                    let tenant = number.isMultiple(of: 2) ? scene.tenants.example : scene.tenants.other
                    group.addTask {
                        for _ in 0..<rounds {
                            try await scene.submit(tenant)
                            progress.noteSubmitted()
                        }
                    }
                }
                for queue in [scene.first, scene.second, scene.first, scene.second] {
                    group.addTask {
                        var idle = 0
                        while idle < 100 {
                            let claims = try await queue.claim(limit: 4)
                            for claim in claims { try await scene.write(claim) { try Self.goOn(with: $0, in: $1) } }
                            progress.noteEnded(claims.count { $0.kind == .assemble })
                            let isOver = progress.submitted == submitters * rounds
                            idle = claims.isEmpty && isOver ? idle + 1 : 0
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(progress.ended == submitters * rounds)
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    /// A row is found by looking, or it is lost: the mark says that there is no work, and there is.
    @Test func `a task that becomes ready while a claim clears the mark is seen, whatever else others lock`()
        async throws
    {
        try await QueueScene.run { scene in
            let tenant = scene.tenants.example
            // A task that cannot be claimed yet, so that claims find nothing.
            let job = try await scene.submit()
            let first = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(first) { try $0.retry(after: .seconds(3600), error: "x", in: $1) }
            for round in 0..<200 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    // Offers of tasks that nobody may claim yet, claims that clear, and one offer that counts.
                    for _ in 0..<2 {
                        group.addTask {
                            _ = try await scene.tenants.owner.execute(
                                "UPDATE tasks SET run_after = now() + interval '1 hour' WHERE tenant_id = \(tenant) AND kind = 'prepare'"
                            )
                        }
                    }
                    for queue in [scene.first, scene.second] {
                        group.addTask { _ = try await queue.claim(limit: 4) }
                    }
                    group.addTask {
                        _ = try await scene.tenants.owner.execute(
                            """
                            INSERT INTO tasks (tenant_id, job_id, kind, part, priority)
                            VALUES (\(tenant), \(job.id), 'recognize', \(round), 1)
                            """)
                    }
                    try await group.waitForAll()
                }
                let marked = try await scene.tenants.owner.query(
                    """
                    SELECT FROM tasks t WHERE status = 'ready' AND kind = 'recognize' AND NOT EXISTS (
                        SELECT FROM tenant_turns o WHERE o.tenant_id = t.tenant_id AND slot_kind = 'engines' AND has_work)
                    """)
                #expect(marked.isEmpty, "round \(round)")
                try await scene.tenants.owner.execute("DELETE FROM tasks WHERE kind = 'recognize'")
            }
        }
    }

    @Test func `a row that has stayed behind the front is brought back`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            try await scene.tenants.owner.execute("SELECT setval('engines_normal_front', 1000)")
            #expect(try await scene.first.claim(limit: 1) == [])
            try await scene.first.tend()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            #expect(claim.job == job.id)
            // However far, and whatever the mark says, the look at everything finds it.
            try await scene.write(claim) { try $0.handBack(in: $1) }
            try await scene.tenants.owner.execute("SELECT setval('engines_normal_front', 1000000)")
            try await scene.first.tend()
            #expect(try await scene.first.claim(limit: 1) == [])
            try await TaskQueue.tendEverywhere(in: scene.tenants.databases)
            let again = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(again) { try $0.handBack(in: $1) }
            try await scene.tenants.owner.execute("UPDATE tenant_turns SET has_work = false")
            #expect(try await scene.first.claim(limit: 1) == [])
            try await TaskQueue.tendEverywhere(in: scene.tenants.databases)
            #expect(try await scene.first.claim(limit: 1).map(\.job) == [job.id])
        }
    }
}

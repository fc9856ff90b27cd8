import Billing
import Pipeline
import Postgres
import TestSupport
import Testing

@Suite struct TaskQueueTests {
    @Test func `each task is claimed once, however many workers ask at the same time`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<20 {
                try await scene.submit()
                try await scene.submit(scene.tenants.other)
            }
            let claims = try await withThrowingTaskGroup(of: [ClaimedTask].self) { group in
                for queue in [scene.first, scene.second] {
                    for _ in 0..<10 { group.addTask { try await queue.claim(limit: 3) } }
                }
                return try await group.reduce(into: [ClaimedTask]()) { $0 += $1 }
            }
            #expect(claims.count == 40)
            #expect(Set(claims.map(\.id)).count == 40)
            #expect(Set(claims.map(\.fence)).count == 40)
            #expect(claims.allSatisfy { $0.attempt == 1 && $0.kind == .prepare })
            #expect(try await scene.first.claim(limit: 10) == [])
        }
    }

    @Test func `the priority class goes first, then the oldest job`() async throws {
        try await QueueScene.run { scene in
            let normal = [try await scene.submit(), try await scene.submit()]
            let priority = try await scene.submit(queuePriority: .priority)
            var order: [JobID] = []
            for _ in 0..<3 { order += try await scene.first.claim(limit: 1).map(\.job) }
            #expect(order == [priority.id, normal[0].id, normal[1].id])
        }
    }

    @Test func `two heartbeats can be lost without a lease`() {
        #expect(TaskQueue.heartbeat * 3 < TaskQueue.lease)
    }

    @Test func `a heartbeat keeps a lease, and only the holder's`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let claims = try await scene.first.claim(limit: 1)
            // Each shorter than a lease, both together longer.
            try await scene.letTimePass(TaskQueue.lease * 2 / 3)
            #expect(try await scene.first.extend(claims) == Set(claims))
            try await scene.letTimePass(TaskQueue.lease * 2 / 3)
            #expect(try await scene.second.rescue().rescued == 0)
            #expect(try await scene.second.claim(limit: 1) == [])
        }
    }

    @Test func `a dead worker's task goes to another after its lease, and the dead one's late word is refused`()
        async throws
    {
        try await QueueScene.run { scene in
            try await scene.submit()
            let late = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.letTimePass(TaskQueue.lease + .seconds(1))
            #expect(try await scene.second.rescue().rescued == 1)
            let taken = try #require(try await scene.second.claim(limit: 1).first)
            #expect(taken.id == late.id)
            #expect(taken.fence > late.fence)
            #expect(taken.attempt == 2)

            #expect(try await scene.first.extend([late]) == [])
            await #expect(throws: LeaseLost.self) { try await scene.write(late) { try $0.finish(in: $1) } }
            await #expect(throws: LeaseLost.self) { try await scene.write(late) { try $0.failJob(.internal, in: $1) } }
            await #expect(throws: LeaseLost.self) {
                try await scene.write(late) { try $0.retry(after: .zero, error: "x", in: $1) }
            }
            try await scene.write(late) { try $0.handBack(in: $1) }
            #expect(try await scene.second.extend([taken]) == [taken])
            try await scene.write(taken) { try $0.finish(in: $1) }
        }
    }

    @Test func `what a late worker writes beside its task is rolled back with it`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let late = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.letTimePass(TaskQueue.lease + .seconds(1))
            _ = try await scene.second.rescue()
            await #expect(throws: LeaseLost.self) {
                try await scene.write(late) { claim, transaction in
                    try transaction.execute(
                        "UPDATE jobs SET source_name = 'late' WHERE tenant_id = \(claim.tenant) AND id = \(claim.job)")
                    try claim.finish(in: transaction)
                }
            }
            #expect(try await scene.job(job.id)?.source == .upload(name: "a.wav"))
        }
    }

    @Test func `a task that fails for a passing reason waits for its time, then comes again`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) { try $0.retry(after: .seconds(30), error: "x", in: $1) }
            #expect(try await scene.first.claim(limit: 1) == [])
            try await scene.letTimePass(.seconds(31))
            #expect(try await scene.first.claim(limit: 1).map(\.attempt) == [2])
        }
    }

    @Test func `a task that waited days for its turn is put off like any other, for a day from its first claim on`()
        async throws
    {
        try await QueueScene.run { scene in
            try await scene.submit()
            try await scene.submitURL()
            let owner = scene.tenants.owner
            try await owner.execute("UPDATE tasks SET created_at = created_at - interval '3 days'")
            for _ in 0..<2 {
                let engine = try #require(try await scene.first.claim(limit: 1).first)
                let fetch = try #require(try await scene.first.claimFetches(limit: 1, share: 1, beside: [:]).first)
                for claim in [engine, fetch] {
                    #expect(claim.attempt == 1)
                    try await scene.write(claim) {
                        let postponed = try $0.postpone(by: .seconds(10), error: "busy", in: $1)
                        #expect(postponed)
                    }
                }
                // Half a day between the two claims.
                try await owner.execute(
                    """
                    UPDATE tasks SET run_after = now(), first_claimed_at = first_claimed_at - interval '12 hours',
                        created_at = created_at - interval '12 hours'
                    """)
            }
            let last = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(last) {
                let postponed = try $0.postpone(by: .seconds(10), error: "busy", in: $1)
                #expect(!postponed)
            }
        }
    }

    @Test func `a task that is put off costs no attempt, until it was tried for a day`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) {
                let postponed = try $0.postpone(by: .seconds(10), error: "busy", in: $1)
                #expect(postponed)
            }
            #expect(try await scene.first.claim(limit: 1) == [])
            try await scene.letTimePass(.seconds(11))
            let again = try #require(try await scene.first.claim(limit: 1).first)
            #expect(again.attempt == 1)
            try await scene.tenants.owner.execute(
                "UPDATE tasks SET first_claimed_at = first_claimed_at - interval '25 hours'")
            try await scene.write(again) {
                let postponed = try $0.postpone(by: .seconds(10), error: "busy", in: $1)
                #expect(!postponed)
            }
            #expect(try await scene.first.extend([again]) == [again])
        }
    }

    @Test func `a task whose job has ended is cancelled by its holder alone`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let late = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.letTimePass(TaskQueue.lease + .seconds(1))
            _ = try await scene.second.rescue()
            let holder = try #require(try await scene.second.claim(limit: 1).first)
            try await scene.write(late) { try $0.cancel(in: $1) }
            #expect(try await scene.second.extend([holder]) == [holder])
            try await scene.write(holder) { try $0.cancel(in: $1) }
            #expect(try await scene.second.extend([holder]) == [])
            try await scene.letTimePass(.seconds(60))
            #expect(try await scene.first.claim(limit: 1) == [])
        }
    }

    @Test func `removing audio is never given up`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(prepare) { try $0.failJob(.invalidAudio(.emptyAudio), in: $1) }
            for attempt in 1...(TaskQueue.maxAttempts + 3) {
                let clean = try #require(try await scene.first.claimCleanups(limit: 1).first)
                #expect(clean.kind == .clean && clean.attempt == attempt)
                try await scene.letTimePass(TaskQueue.lease + .seconds(1))
                let (rescued, exhausted) = try await scene.second.rescue()
                #expect(rescued == 1)
                #expect(exhausted == [])
            }
        }
    }

    @Test func `what cleans up is claimed apart from what needs an engine`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let failed = try await scene.submit()
            let claims = try await scene.first.claim(limit: 2)
            try await scene.write(try #require(claims.first { $0.job == failed.id })) {
                try $0.failJob(.invalidAudio(.emptyAudio), in: $1)
            }
            try await scene.write(try #require(claims.first { $0.job != failed.id })) { try $0.handBack(in: $1) }
            #expect(try await scene.first.claimCleanups(limit: 5).map(\.kind) == [.clean])
            #expect(try await scene.first.claim(limit: 5).map(\.kind) == [.prepare])
        }
    }

    @Test func `chunks that end together while one fails leave one outcome and no deadlock`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<10 {
                let job = try await scene.submit()
                let prepare = try #require(try await scene.first.claim(limit: 1).first)
                try await scene.write(prepare) { claim, transaction in
                    try claim.finish(in: transaction)
                    for chunk in 0..<4 { try claim.follow(with: .recognize, part: chunk, in: transaction) }
                }
                let chunks = try await scene.first.claim(limit: 4)
                await withTaskGroup { group in
                    for (index, chunk) in chunks.enumerated() {
                        group.addTask {
                            try? await scene.write(chunk) {
                                if index == 0 { try $0.failJob(.transient, in: $1) } else { try $0.finish(in: $1) }
                            }
                        }
                    }
                }
                #expect(try await scene.job(job.id)?.failure == .transient)
                let clean = try await scene.first.claimCleanups(limit: 5)
                #expect(clean.map(\.kind) == [.clean])
                try await scene.write(clean[0]) { try $0.finish(in: $1) }
            }
            let deadlocks = try await scene.tenants.owner.query(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )[0].decode(Int.self)
            #expect(deadlocks == 0)
        }
    }

    @Test func `a task that is handed back costs no attempt`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) { try $0.handBack(in: $1) }
            #expect(try await scene.second.claim(limit: 1).map(\.attempt) == [1])
        }
    }

    @Test func `a task that takes every worker down is given up in the end`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            for _ in 0..<TaskQueue.maxAttempts {
                #expect(try await scene.first.claim(limit: 1).count == 1)
                try await scene.letTimePass(TaskQueue.lease + .seconds(1))
                if try await scene.second.rescue().rescued == 0 { break }
            }
            try await scene.letTimePass(TaskQueue.lease + .seconds(1))
            let exhausted = try await scene.second.rescue().exhausted
            let claim = try #require(exhausted.first)
            try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            let failed = try #require(try await scene.job(job.id))
            #expect(failed.status == .failed)
            #expect(failed.failure?.code == .internalError)
        }
    }

    @Test func `a failed job takes its other tasks along, and its audio is removed once`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(prepare) { claim, transaction in
                try claim.finish(in: transaction)
                for chunk in 0..<3 { try claim.follow(with: .recognize, part: chunk, in: transaction) }
            }
            let chunks = try await scene.first.claim(limit: 2)
            try await scene.write(chunks[0]) { try $0.failJob(.transient, in: $1) }
            await #expect(throws: LeaseLost.self) { try await scene.write(chunks[1]) { try $0.finish(in: $1) } }
            #expect(try await scene.first.extend(chunks) == [])
            #expect(try await scene.job(job.id)?.failure == .transient)
            #expect(try await scene.second.claimCleanups(limit: 10).map(\.kind) == [.clean])
        }
    }

    @Test func `a job's end is final`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit()
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) { try $0.failJob(.invalidAudio(.emptyAudio), in: $1) }
            let clean = try #require(try await scene.first.claimCleanups(limit: 1).first)
            try await scene.write(clean) { try $0.failJob(.internal, in: $1) }
            #expect(try await scene.job(job.id)?.failure == .invalidAudio(.emptyAudio))
        }
    }
}

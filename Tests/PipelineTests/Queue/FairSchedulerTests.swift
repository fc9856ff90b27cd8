import Billing
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Which task a free slot works on next.
@Suite struct FairSchedulerTests {
    @Test func `a tenant with a thousand waiting jobs delays another's first by less than one turn`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<TenantLoad.longestBacklog { try await scene.submit() }
            await #expect(throws: AdmissionError.self) { try await scene.submit() }
            _ = try await scene.first.claim(limit: 3)
            let late = try await scene.submit(scene.tenants.other)
            let next = try await scene.second.claim(limit: 1)
            #expect(next.map(\.job) == [late.id])
        }
    }

    @Test func `tenants take turns, whatever each has queued`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<6 { try await scene.submit() }
            for _ in 0..<3 { try await scene.submit(scene.tenants.other) }
            let turns = try await scene.first.claim(limit: 8).map(\.tenant)
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            #expect(turns == [one, two, one, two, one, two, one, one])
        }
    }

    @Test func `what was begun goes on before another job of the same tenant starts`() async throws {
        try await QueueScene.run { scene in
            let first = try await scene.submit()
            try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(prepare) { claim, transaction in
                try claim.finish(in: transaction)
                for chunk in 0..<2 { try claim.follow(with: .recognize, part: chunk, in: transaction) }
            }
            let next = try await scene.first.claim(limit: 3)
            #expect(next.map(\.kind) == [.recognize, .recognize, .prepare])
            #expect(next.prefix(2).allSatisfy { $0.job == first.id })
        }
    }

    @Test func `no tenant runs more jobs at once than it may, however many workers ask`() async throws {
        try await QueueScene.run(plan: .free) { scene in
            for _ in 0..<12 { try await scene.submit() }
            var ended = 0
            while ended < 12 {
                let claims = try await withThrowingTaskGroup(of: [ClaimedTask].self) { group in
                    for queue in [scene.first, scene.second, scene.first, scene.second] {
                        group.addTask { try await queue.claim(limit: 3) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(claims.count == 2)
                let running = try await scene.tenants.owner.query(
                    "SELECT count(*) FROM jobs WHERE status = 'processing'")
                #expect(try running[0].decode(Int.self) == 2)
                for claim in claims { try await scene.write(claim) { try $0.failJob(.internal, in: $1) } }
                ended += claims.count
            }
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    @Test func `a job that waits for its tenant's concurrency keeps nobody else waiting`() async throws {
        try await QueueScene.run(plan: .free) { scene in
            for _ in 0..<5 { try await scene.submit() }
            try await scene.submit(scene.tenants.other)
            #expect(try await scene.first.claim(limit: 10).count == 3)
            #expect(try await scene.load() == TenantLoad(queued: 3, running: 2))
        }
    }

    @Test func `the priority class goes first, and one turn in five is the other's`() async throws {
        try await QueueScene.run { scene in
            let normal = try await [scene.submit(), scene.submit(), scene.submit()].map(\.id)
            for _ in 0..<12 { try await scene.submit(scene.tenants.other, queuePriority: .priority) }
            let order = try await scene.first.claim(limit: 15).map(\.job)
            #expect(order.firstIndex(of: normal[0]) == 4)
            #expect(order.firstIndex(of: normal[1]) == 9)
            #expect(order.firstIndex(of: normal[2]) == 14)
        }
    }

    @Test func `fetches take no turn that is owed at the engines, nor their tenant's place there`() async throws {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            let normal = try await scene.submit(one)
            for _ in 0..<5 { try await scene.submitURL(one) }
            for _ in 0..<6 { try await scene.submit(two, queuePriority: .priority) }
            var order: [JobID] = []
            for _ in 0..<5 {
                #expect(try await scene.first.claimFetches(limit: 1, share: 8, beside: [:]).map(\.tenant) == [one])
                order += try await scene.first.claim(limit: 1).map(\.job)
            }
            #expect(order.firstIndex(of: normal.id) == 4)
        }
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            try await scene.submit(two)
            #expect(try await scene.first.claim(limit: 1).map(\.tenant) == [two])
            for tenant in [two, one] { try await scene.submit(tenant) }
            try await scene.submitURL(one)
            #expect(try await scene.first.claimFetches(limit: 1, share: 8, beside: [:]).map(\.tenant) == [one])
            // Who fetched has had no turn at the engines yet.
            #expect(try await scene.first.claim(limit: 1).map(\.tenant) == [one])
        }
    }

    @Test func `fetches have slots of their own, in turns, and nobody takes more than a share of them`() async throws {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for _ in 0..<6 { try await scene.submitURL(one) }
            for _ in 0..<3 { try await scene.submitURL(two) }
            let upload = try await scene.submit(one)
            // Of one's two, one is taken already.
            let first = try await scene.first.claimFetches(limit: 8, share: 2, beside: [one: 1])
            #expect(first.map(\.tenant) == [one, two, two])
            #expect(first.allSatisfy { $0.kind == .fetch })
            #expect(try await scene.first.claimFetches(limit: 8, share: 2, beside: [one: 2, two: 2]) == [])
            #expect(try await scene.first.claim(limit: 8).map(\.job) == [upload.id])
            #expect(
                try await scene.second.claimFetches(limit: 3, share: 4, beside: [:]).map(\.tenant) == [one, two, one])
        }
    }

    @Test func `a question to an external engine takes neither a slot nor a turn, until there is work for a slot`()
        async throws
    {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for tenant in [one, two] { try await scene.submit(tenant) }
            for prepare in try await scene.first.claim(limit: 2) {
                try await scene.write(prepare) { claim, transaction in
                    try claim.finish(in: transaction)
                    for chunk in 0..<2 { try claim.follow(with: .recognize, part: chunk, in: transaction) }
                }
            }
            let handedIn = try #require(try await scene.first.claim(limit: 1).first)
            #expect(handedIn.tenant == one && !handedIn.isPoll)
            try await scene.write(handedIn) { claim, transaction in
                let postponed = try claim.postpone(by: .zero, error: nil, asPoll: true, in: transaction)
                #expect(postponed)
            }
            for _ in 0..<3 {
                let question = try #require(try await scene.second.claimPolls(limit: 5).first)
                #expect(question.id == handedIn.id && question.isPoll && question.attempt == 1)
                #expect(try await scene.second.claimPolls(limit: 5) == [])
                try await scene.write(question) { claim, transaction in
                    _ = try claim.postpone(by: .zero, error: nil, asPoll: true, in: transaction)
                }
            }
            // Its tenant's next turn comes after the other's, not after three more.
            #expect(try await scene.first.claim(limit: 5).map(\.tenant) == [two, one, two])
            // A worker that dies while it asks loses nothing.
            let lost = try #require(try await scene.second.claimPolls(limit: 5).first)
            try await scene.letTimePass(TaskQueue.lease)
            try await eventually("the lease is over") { try await scene.first.rescue().rescued >= 1 }
            let again = try #require(try await scene.first.claimPolls(limit: 5).first)
            #expect(again.id == lost.id)
            try await scene.write(again) { try $0.needSlot(in: $1) }
            #expect(try await scene.first.claimPolls(limit: 5) == [])
            #expect(try await scene.first.claim(limit: 5).contains { $0.id == lost.id && !$0.isPoll })
        }
    }

    @Test func `an account with many questions to an external engine keeps nobody else's waiting`() async throws {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for (tenant, chunks) in [(one, 6), (two, 2)] {
                try await scene.submit(tenant)
                let prepare = try #require(try await scene.first.claim(limit: 1).first)
                try await scene.write(prepare) { claim, transaction in
                    try claim.finish(in: transaction)
                    for chunk in 0..<chunks { try claim.follow(with: .recognize, part: chunk, in: transaction) }
                }
                for claim in try await scene.first.claim(limit: chunks) {
                    try await scene.write(claim) { claim, transaction in
                        _ = try claim.postpone(by: .zero, error: nil, asPoll: true, in: transaction)
                    }
                }
            }
            let (first, second) = (
                try await scene.first.claimPolls(limit: 2), try await scene.second.claimPolls(limit: 10)
            )
            #expect(Set(first.map(\.tenant)) == [one, two])
            #expect(second.count == 6 && Set((first + second).map(\.id)).count == 8)
        }
    }

    @Test func `long preparations have slots of their own, in turns, and nobody takes more than a share of them`()
        async throws
    {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            for _ in 0..<6 { try await scene.submit(one, seconds: 601) }
            for _ in 0..<3 { try await scene.submit(two, seconds: 7200) }
            let short = try await scene.submit(one, seconds: 600)
            let first = try await scene.first.claimPreparations(limit: 8, share: 2, beside: [one: 1])
            #expect(first.map(\.tenant) == [one, two, two])
            #expect(first.allSatisfy { $0.kind == .prepare && $0.isLong })
            #expect(try await scene.first.claimPreparations(limit: 8, share: 2, beside: [one: 2, two: 2]) == [])
            let engines = try await scene.first.claim(limit: 8)
            #expect(engines.map(\.job) == [short.id] && engines.allSatisfy { !$0.isLong })
            #expect(
                try await scene.second.claimPreparations(limit: 3, share: 4, beside: [:]).map(\.tenant)
                    == [one, two, one])
            // They count as running jobs, and what follows them is nobody's long task.
            #expect(try await scene.load().running == 4)
            try await scene.write(first[0]) { claim, transaction in
                try claim.finish(in: transaction)
                try claim.follow(with: .recognize, part: 0, in: transaction)
            }
            #expect(try await scene.first.claim(limit: 8).map(\.kind) == [.recognize])
        }
    }

    @Test func `long preparations take no turn that is owed at the engines, nor their tenant's place there`()
        async throws
    {
        try await QueueScene.run { scene in
            let (one, two) = (scene.tenants.example, scene.tenants.other)
            let normal = try await scene.submit(one)
            for _ in 0..<5 { try await scene.submit(one, seconds: 7200) }
            for _ in 0..<6 { try await scene.submit(two, queuePriority: .priority) }
            var order: [JobID] = []
            for _ in 0..<5 {
                #expect(
                    try await scene.first.claimPreparations(limit: 1, share: 8, beside: [:]).map(\.tenant) == [one])
                order += try await scene.first.claim(limit: 1).map(\.job)
            }
            #expect(order.firstIndex(of: normal.id) == 4)
        }
    }

    @Test func `a long preparation whose worker died is claimed again as one`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit(seconds: 7200)
            let claim = try #require(
                try await scene.first.claimPreparations(limit: 1, share: 1, beside: [:]).first)
            try await scene.letTimePass(TaskQueue.lease)
            try await eventually("the lease is over") { try await scene.second.rescue().rescued == 1 }
            #expect(try await scene.second.claim(limit: 5) == [])
            let next = try await scene.second.claimPreparations(limit: 1, share: 1, beside: [:])
            #expect(next.map(\.job) == [claim.job] && next.map(\.attempt) == [2])
        }
    }

    @Test func `no job of a suspended account starts; what runs goes on`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            let prepare = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.submit()
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended'")
            #expect(try await scene.first.claim(limit: 5) == [])
            try await scene.write(prepare) { claim, transaction in
                try claim.finish(in: transaction)
                try claim.follow(with: .assemble, in: transaction)
            }
            #expect(try await scene.first.claim(limit: 5).map(\.kind) == [.assemble])
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'active'")
            #expect(try await scene.first.claim(limit: 5).map(\.kind) == [.prepare])
        }
    }

    @Test func `claims, ends and submissions that meet never wait for each other in a circle`() async throws {
        try await QueueScene.run { scene in
            try await withThrowingTaskGroup { group in
                for tenant in [scene.tenants.example, scene.tenants.other] {
                    group.addTask { for _ in 0..<60 { try await scene.submit(tenant) } }
                }
                for queue in [scene.first, scene.second] {
                    group.addTask {
                        var idle = 0
                        while idle < 200 {
                            let claims = try await queue.claim(limit: 4)
                            idle = claims.isEmpty ? idle + 1 : 0
                            for claim in claims { try await scene.write(claim) { try $0.failJob(.internal, in: $1) } }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let deadlocks = try await scene.tenants.owner.query(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            #expect(try deadlocks[0].decode(Int.self) == 0)
        }
    }
}

import Billing
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// A suspended account's waiting jobs at the month's end: they keep nobody's month open, and are never billed.
@Suite struct StrandedJobTests {
    private static let month = BillingMonth(of: .now())

    private static func suspend(_ scene: QueueScene, _ status: TenantStatus = .suspended) async throws {
        let tenant = scene.tenants.example
        try await scene.tenants.owner.execute("UPDATE tenants SET status = \(status) WHERE id = \(tenant)")
    }

    private static func stranded(_ scene: QueueScene, of month: BillingMonth = month) async throws -> [StrandedJob] {
        try await scene.tenants.owner.transaction { try StrandedJob.all(of: month, in: $0) }
    }

    private static func cancel(_ job: StrandedJob, _ scene: QueueScene) async throws -> Bool {
        try await scene.tenants.owner.transaction { try job.cancel(in: $0) }
    }

    private static func close(_ scene: QueueScene) async throws -> MonthClosing.Outcome {
        try await scene.tenants.owner.transaction { try MonthClosing.run(month, at: month.end, in: $0) }
    }

    private static func differences(_ scene: QueueScene) async throws -> [String] {
        try await scene.tenants.owner.transaction(isolation: .repeatableRead) {
            try LedgerCheck.run(month, in: $0).map(\.description)
        }
    }

    private static func state(_ scene: QueueScene) async throws -> UsageMonth {
        let tenant = scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try UsageMonth.of(month, tenant: tenant, in: $0)
        }
    }

    @Test func `only what waits for a suspended account is stranded, in the month of its submission`() async throws {
        try await QueueScene.run { scene in
            let running = try await scene.submit().id
            #expect(try await scene.first.claim(limit: 1).map(\.job) == [running])
            let waiting = [try await scene.submit().id, try await scene.submit().id]
            let next = TestClock(at: Self.month.end)
            let later = try await scene.submit(clock: next.now).id
            try await scene.submit(scene.tenants.other)
            #expect(try await Self.stranded(scene) == [])
            try await Self.suspend(scene)
            #expect(try await Self.stranded(scene).map(\.id) == waiting)
            #expect(try await Self.stranded(scene, of: Self.month.next).map(\.id) == [later])
            #expect(try await Self.stranded(scene).allSatisfy { $0.tenant == scene.tenants.example })
        }
    }

    @Test func `once they are cancelled the month closes, and nothing of them is ever billed`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<3 { try await scene.submit(seconds: 600) }
            try await Self.suspend(scene)
            await #expect(throws: MonthClosing.Obstacle.self) { try await Self.close(scene) }
            #expect(try await Self.differences(scene) == [])
            for job in try await Self.stranded(scene) { #expect(try await Self.cancel(job, scene)) }
            #expect(try await Self.state(scene) == UsageMonth(used: 0, reserved: 0, admissions: 3, isClosed: false))
            #expect(try await Self.differences(scene) == [])
            #expect(try await Self.close(scene) == .closed(statements: 2))
            #expect(try await Self.differences(scene) == [])

            try await Self.suspend(scene, .active)
            #expect(try await scene.first.claim(limit: 5) == [])
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
            #expect(try await scene.tenants.owner.query("SELECT FROM usage").isEmpty)
            let owed = try await scene.tenants.owner.query(
                "SELECT sum(total_cents + used_seconds)::int8 FROM statement_lines"
            )
            .map { try $0.decode(Int64.self) }
            #expect(owed == [0])
            // Their audio goes.
            #expect(try await scene.first.claimCleanups(limit: 5).map(\.kind) == [.clean, .clean, .clean])
        }
    }

    @Test func `what began before the suspension goes on, and is billed in its month before that closes`() async throws
    {
        try await QueueScene.run { scene in
            let job = try await scene.submit(seconds: 3).id
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await Self.suspend(scene)
            #expect(try await Self.stranded(scene) == [])
            await #expect(throws: MonthClosing.Obstacle.unfinishedJobs([job.rawValue], count: 1)) {
                try await Self.close(scene)
            }
            try await scene.tenants.owner.execute("UPDATE jobs SET samples_total = 48000, samples_to_process = 48000")
            try await scene.write(claim) {
                try $0.completeJob(Transcript.empty(of: job), body: [], in: $1)
            }
            #expect(try await Self.close(scene) == .closed(statements: 2))
            #expect(try await Self.differences(scene) == [])
        }
    }

    @Test func `an account that is let in again meanwhile keeps its jobs`() async throws {
        try await QueueScene.run { scene in
            let job = try await scene.submit().id
            try await Self.suspend(scene)
            let stranded = try #require(try await Self.stranded(scene).first)
            try await Self.suspend(scene, .active)
            #expect(try await Self.cancel(stranded, scene) == false)
            #expect(try await scene.job(job)?.status == .queued)
            #expect(try await scene.first.claim(limit: 1).map(\.job) == [job])
            try await Self.suspend(scene)
            // It has begun.
            #expect(try await Self.cancel(stranded, scene) == false)
            #expect(try await scene.job(job)?.status == .processing)
        }
    }

    @Test func `cancelling twice at once ends a job once, and gives its minutes back once`() async throws {
        try await QueueScene.run { scene in
            for _ in 0..<5 { try await scene.submit() }
            try await Self.suspend(scene)
            let jobs = try await Self.stranded(scene)
            let cancelled = try await withThrowingTaskGroup(of: Int.self) { group in
                for job in jobs + jobs {
                    group.addTask { try await Self.cancel(job, scene) ? 1 : 0 }
                }
                return try await group.reduce(0, +)
            }
            #expect(cancelled == 5)
            #expect(try await Self.state(scene).reserved == 0)
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    @Test func `besides them, what is unfinished or off is in the way as ever`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            try await Self.suspend(scene)
            let waiting = try await scene.submit(scene.tenants.other).id
            let stranded = Set(try await Self.stranded(scene).map(\.id.rawValue))
            func check(_ jobs: Set<String>) async throws {
                try await scene.tenants.owner.transaction(isolation: .repeatableRead) {
                    try MonthClosing.check(Self.month, besides: jobs, in: $0)
                }
            }
            await #expect(throws: MonthClosing.Obstacle.unfinishedJobs([waiting.rawValue], count: 1)) {
                try await check(stranded)
            }
            try await check(stranded.union([waiting.rawValue]))
            try await scene.tenants.owner.execute("UPDATE usage_months SET used_seconds = 7")
            await #expect(throws: MonthClosing.Obstacle.self) { try await check(stranded.union([waiting.rawValue])) }
        }
    }
}

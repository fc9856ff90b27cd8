import Billing
import Egress
import MediaSimulator
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Work on what could not be billed: it is not begun, or stops where the month does.
@Suite struct UnbillableWorkTests {
    private static func prepare(_ scene: StageScene, _ job: Job) async throws -> Job {
        let claim = try #require(try await scene.queue.claim(limit: 1).first)
        #expect(claim.job == job.id)
        await scene.stages.perform(claim)
        return try #require(try await scene.job(job.id))
    }

    @Test(arguments: [1, 2])
    func `a recording that claims little and holds much is decoded as far as the month reaches`(channels: Int)
        async throws
    {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 2)
            // Its 60 seconds are held, 60 more are left.
            let job = try await scene.submit(seconds: 300, claiming: 60, channels: channels)
            let ended = try await Self.prepare(scene, job)
            #expect(ended.status == .failed)
            #expect(ended.failure?.code == .quotaExceeded)
            #expect(try await scene.months() == [[0, 0]])
            // Who submits it once more reserves what it is known to need.
            let known = try #require(ended.estimatedMilliseconds)
            #expect(known > 120_000 && known < 121_000)
            #expect(!scene.log.text.contains("will be tried again"))
        }
    }

    @Test func `what others hold meanwhile is not there for it`() async throws {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 3)
            let job = try await scene.submit(seconds: 170, claiming: 60)
            _ = try await scene.submit(seconds: 1, claiming: 60)
            #expect(try await Self.prepare(scene, job).failure?.code == .quotaExceeded)
            #expect(try await scene.months() == [[0, 60]])
        }
    }

    @Test func `one that the month covers, or that is paid for whatever it costs, is worked on to its end`()
        async throws
    {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 6)
            let covered = try await scene.submit(seconds: 300, claiming: 60)
            #expect(try await Self.prepare(scene, covered).status == .processing)
            #expect(scene.log.text.contains("task postponed"))
        }
        try await StageScene.run { scene in
            try await scene.tenants.owner.execute(
                """
                INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled)
                VALUES (\(scene.tenants.example), 1, true)
                """)
            let bought = try await scene.submit(seconds: 300, claiming: 60, acceptOverage: true)
            #expect(try await Self.prepare(scene, bought).status == .processing)
            #expect(scene.log.text.contains("task postponed"))
        }
    }

    @Test func `the plan's limit is told from the month's`() async throws {
        try await StageScene.run(plan: .free) { scene in
            try await scene.tenants.owner.execute(
                """
                INSERT INTO quota_overrides (tenant_id, max_duration_seconds) VALUES (\(scene.tenants.example), 100)
                """)
            let job = try await scene.submit(seconds: 300, claiming: 60)
            let ended = try await Self.prepare(scene, job)
            #expect(ended.failure?.code == .invalidAudio && ended.failure?.reason == "duration_exceeds_limit")
        }
    }

    @Test func `what a job can pay is what it holds and what is left, never less than it holds`() async throws {
        try await StageScene.run { scene in
            func affordable(_ job: Job) async throws -> Int64? {
                let tenant = scene.tenants.example
                return try await scene.tenants.databases.app.transaction(of: tenant) {
                    try Reservation.room(for: job.id, of: tenant, in: $0).seconds
                }
            }
            try await scene.setMonth(minutes: 10)
            let job = try await scene.submit(seconds: 1, claiming: 200)
            #expect(try await affordable(job) == 600)
            let other = try await scene.submit(seconds: 1, claiming: 300)
            #expect(try await affordable(job) == 300)
            #expect(try await affordable(other) == 400)
            // A smaller quota takes nothing back, a larger one counts.
            try await scene.setMonth(minutes: 1)
            #expect(try await affordable(job) == 300)
            try await scene.setMonth(minutes: 20)
            #expect(try await affordable(job) == 900)
            let nobody = try await scene.tenants.databases.app.transaction(of: scene.tenants.other) { transaction in
                Result { try Reservation.room(for: job.id, of: scene.tenants.other, in: transaction) }
            }
            #expect(throws: ReservationError.noneHeld) { try nobody.get() }
        }
    }

    // By URL.

    private static func fetch(_ scene: StageScene, _ job: Job) async throws -> Job {
        let claim = try #require(try await scene.queue.claimFetches(limit: 1, share: 1, beside: [:]).first)
        await scene.stages.perform(claim)
        return try #require(try await scene.job(job.id))
    }

    @Test func `with nothing left by the time of the fetch, nobody is asked for anything`() async throws {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 1)
            let job = try await scene.submit(url: "/a.wav")
            _ = try await scene.submit(seconds: 1, claiming: 60)
            let ended = try await Self.fetch(scene, job)
            #expect(ended.failure?.code == .quotaExceeded)
            #expect(scene.site.connections == 0)
        }
    }

    @Test func `more bytes than what is left could hold are not fetched`() async throws {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 1)
            scene.site["/a.wav"] = .init(
                type: "audio/wav", body: StageScene.wav(seconds: 1), framing: .lying(1_000_000_000))
            let ended = try await Self.fetch(scene, try await scene.submit(url: "/a.wav"))
            #expect(ended.failure?.code == .quotaExceeded)
            #expect(try await scene.months() == [[0, 0]])
        }
        // Of the plan, whatever is left.
        try await StageScene.run(plan: .free) { scene in
            scene.site["/a.wav"] = .init(
                type: "audio/wav", body: StageScene.wav(seconds: 1), framing: .lying(1_000_000_000))
            let ended = try await Self.fetch(scene, try await scene.submit(url: "/a.wav"))
            #expect(ended.failure?.code == .sourceTooLarge)
        }
    }

    @Test func `what may be fetched grows with what is left, up to the plan's cap`() {
        func room(_ seconds: Int64) -> MonthRoom { MonthRoom(seconds: seconds, limit: .monthlyMinutes) }
        #expect(FetchLimits(bytes: 2_000_000_000, seconds: 36_000).bytes == 2_000_000_000)
        #expect(FetchLimits(bytes: 2_000_000_000, seconds: 36_000, room: room(0)).bytes == 100_000_000)
        let minute = FetchLimits(bytes: 2_000_000_000, seconds: 36_000, room: room(60))
        #expect(minute.bytes == 960_000_000 && minute.isBoundByMonth)
        let hour = FetchLimits(bytes: 2_000_000_000, seconds: 36_000, room: room(3600))
        #expect(hour.bytes == 2_000_000_000 && !hour.isBoundByMonth)
        #expect(FetchLimits(bytes: 5_000_000_000, seconds: 36_000, room: room(.max)).bytes == 5_000_000_000)
    }

    @Test func `a recording by URL is looked into as far as the month reaches, and refused by what it claims`()
        async throws
    {
        try await StageScene.run { scene in
            try await scene.setMonth(minutes: 1)
            scene.site["/a.wav"] = .init(type: "audio/wav", body: StageScene.wav(seconds: 200))
            let ended = try await Self.fetch(scene, try await scene.submit(url: "/a.wav"))
            #expect(ended.failure?.code == .quotaExceeded)
            #expect(try await scene.months() == [[0, 0]])
        }
    }
}

import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// Jobs that turn out longer or shorter than they had reserved, while their account changes its plan: only a growth can be overage, and only
/// where neither the month of now nor that of the admission covers it.
@Suite struct ReservationIncreaseTests {
    private static let (hour, minute): (Int64, Int64) = (3600, 60)

    private static func overage(_ scene: LedgerScene) async throws -> Int64 {
        #expect(try await scene.differences() == [])
        let (statement, usage) = (try await scene.statement(), try await scene.usage())
        #expect(usage.overageSeconds == statement.overageSeconds)
        #expect(usage.overageCents == statement.amountCents)
        return statement.overageSeconds
    }

    @Test(arguments: [false, true])
    func `a job by URL that waited while its account moved to a better plan lies in the new month`(accepts: Bool)
        async throws
    {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: nil)
            let waiting = try await scene.submit(seconds: nil, acceptOverage: accepts)
            let second = try await scene.submit(seconds: nil, acceptOverage: accepts)
            try await scene.move(to: .business)
            try await scene.bill(seconds: 4000 * Self.minute)
            for job in [waiting, second] {
                try await scene.resize(job, to: Self.hour)
                try await scene.complete(job, seconds: Self.hour)
            }
            #expect(try await Self.overage(scene) == 0)
            #expect(try await scene.usage().leftSeconds == 1880 * Self.minute)
        }
    }

    @Test func `ten hours that grow by a second cost that second at most`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 600)
            let long = try await scene.submit(seconds: 10 * Self.hour, acceptOverage: true)
            try await scene.allow(minutes: 6000)
            try await scene.bill(seconds: 100_000)
            try await scene.allow(minutes: 600)
            try await scene.resize(long, to: 10 * Self.hour + 1)
            try await scene.complete(long, seconds: 10 * Self.hour + 1)
            #expect(try await Self.overage(scene) == 1)
            #expect(try await scene.statement().amountCents == 0)
        }
    }

    @Test func `what was covered before a downgrade is covered after it, however late it is known`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 100)
            let (waiting, refused) = (
                try await scene.submit(seconds: nil, acceptOverage: true), try await scene.submit(seconds: nil)
            )
            try await scene.allow(minutes: 10)
            // Just what the smaller month covers: the others' growth must not push it out.
            let within = try await scene.bill(seconds: 10 * Self.minute, acceptOverage: true)
            try await scene.resize(waiting, to: 80 * Self.minute)
            try await scene.resize(refused, to: 10 * Self.minute)
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await scene.resize(refused, to: 10 * Self.minute + 1)
            }
            // Beyond both months: a growth that was agreed on, and nothing else.
            try await scene.resize(waiting, to: 85 * Self.minute)
            try await scene.complete(refused, seconds: 10 * Self.minute)
            try await scene.complete(waiting, seconds: 85 * Self.minute)
            #expect(try await Self.overage(scene) == 5 * Self.minute)
            #expect(
                try await scene.overageByJob(LedgerScene.november) == [
                    within.rawValue: 0, refused.rawValue: 0, waiting.rawValue: 5 * Self.minute,
                ])
        }
    }

    @Test func `of several that grow at once the month covers as many as fit, and each keeps what it had`() async throws
    {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            var jobs: [TestJob] = []
            for _ in 0..<10 { jobs.append(try await scene.submit(seconds: 50, acceptOverage: true)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for job in jobs { group.addTask { try await scene.resize(job, to: 70) } }
                try await group.waitForAll()
            }
            for job in jobs.shuffled() { try await scene.complete(job, seconds: 70) }
            // 700 s, of which 600 are included; five growths of 20 s fit, and the five behind them do not.
            #expect(try await Self.overage(scene) == 100)
            #expect(
                try await scene.overageByJob(LedgerScene.november).values.sorted() == [
                    0, 0, 0, 0, 0, 20, 20, 20, 20, 20,
                ])
        }
    }

    @Test func `a job that shrinks gives its latest seconds back first, and what is left keeps its places`()
        async throws
    {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 1)
            let job = try await scene.submit(seconds: 40, acceptOverage: true)
            try await scene.resize(job, to: 50)
            try await scene.resize(job, to: 90)
            try await scene.resize(job, to: 45)
            let other = try await scene.submit(seconds: 15)
            try await scene.resize(job, to: 20)
            try await scene.resize(job, to: 50)
            let places = try await scene.tenants.owner.query(
                "SELECT growth_places, growth_seconds, seconds FROM reservations ORDER BY admission"
            ).map { try $0.decode([Int64].self, [Int64].self, Int64.self) }
            #expect(places.map(\.0) == [[5], []])
            #expect(places.map(\.1) == [[30], []])
            #expect(places.map(\.2) == [50, 15])
            try await scene.complete(other, seconds: 15)
            try await scene.complete(job, seconds: 50)
            #expect(try await Self.overage(scene) == 5)
        }
    }

    @Test func `a cancelled job gives its growth's minutes back to the later ones`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 1)
            let job = try await scene.submit(seconds: nil, acceptOverage: true)
            try await scene.resize(job, to: 60)
            let late = try await scene.bill(seconds: 60, acceptOverage: true)
            #expect(try await scene.overageByJob(LedgerScene.november) == [late.rawValue: 0])
            try await scene.cancel(job)
            #expect(try await Self.overage(scene) == 0)
            #expect(try await scene.usage().reservedSeconds == 0)
        }
    }

    @Test func `a plan that is bought in December does not lengthen November`() async throws {
        try await LedgerScene.with { scene in
            let december = LedgerScene.november.end
            try await scene.allow(minutes: 10)
            let job = try await scene.submit(seconds: nil, acceptOverage: true)
            let bound = try await scene.submit(seconds: nil)
            try await scene.allow(minutes: 6000)
            try await scene.resize(job, to: 11 * Self.minute, at: december)
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await scene.resize(bound, to: 1, at: december)
            }
            try await scene.complete(job, seconds: 11 * Self.minute)
            try await scene.cancel(bound)
            let statement = try await scene.statement(at: december)
            #expect((statement.includedMinutes, statement.overageSeconds) == (10, 60))
        }
    }

    @Test func `a month that is over keeps the terms of its last admission, though an earlier job grew after it`()
        async throws
    {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: nil)
            let job = try await scene.submit(seconds: nil, acceptOverage: true)
            try await scene.move(to: .business)
            try await scene.bill(seconds: 60)
            try await scene.allow(minutes: 0)
            try await scene.resize(job, to: 400_000, at: LedgerScene.november.end)
            try await scene.complete(job, seconds: 400_000)
            let statement = try await scene.statement(at: LedgerScene.november.end)
            #expect(statement.includedMinutes == 6000)
            #expect(statement.overageSeconds == 400_060 - 360_000)
        }
    }
}

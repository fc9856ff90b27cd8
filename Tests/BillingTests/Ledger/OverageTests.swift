import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct OverageTests {
    private static func entry(_ seconds: Int64, accepts: Bool, included: Int64 = 100) -> LedgerShare {
        let entry = LedgerEntry(
            tenant: TenantID(), admission: 1, job: "job_x", seconds: seconds, plan: .pro, includedSeconds: included,
            acceptsOverage: accepts, rate: 40_000, admittedAt: .now(), settledAt: .now())
        return LedgerShare(of: entry, seconds: seconds, includedSeconds: included, isLast: true)
    }

    private static func overage(_ entries: [LedgerShare]) -> [Int64] {
        var meter = OverageMeter()
        return entries.map { meter.add($0) }
    }

    @Test func `what lies beyond the month is overage, also when one job crosses its end`() {
        let entries = [60, 60, 60].map { Self.entry($0, accepts: true) }
        #expect(Self.overage(entries) == [0, 20, 60])
    }

    @Test func `a job that did not accept makes none, but takes its place`() {
        let entries = [Self.entry(60, accepts: false), Self.entry(60, accepts: true), Self.entry(60, accepts: false)]
        #expect(Self.overage(entries) == [0, 20, 0])
    }

    @Test func `exactly the month is no overage, and a second more is one second`() {
        #expect(Self.overage([Self.entry(100, accepts: true), Self.entry(1, accepts: true)]) == [0, 1])
        #expect(Self.overage([Self.entry(101, accepts: true)]) == [1])
    }

    @Test func `a downgrade bills nothing of what came before it, and an upgrade makes room`() {
        let down = [Self.entry(90, accepts: true), Self.entry(10, accepts: true, included: 50)]
        #expect(Self.overage(down) == [0, 10])
        let up = [Self.entry(120, accepts: true), Self.entry(30, accepts: true, included: 140)]
        #expect(Self.overage(up) == [20, 10])
    }

    @Test func `an empty month has none, nor has a job without length`() {
        #expect(Self.overage([]) == [])
        #expect(Self.overage([Self.entry(100, accepts: true), Self.entry(0, accepts: true)]) == [0, 0])
    }

    @Test(arguments: [false, true])
    func `what grows beyond the month pays for it, though others were admitted into what it had not reserved`(
        settlesFirst: Bool
    ) async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 2)
            let growing = try await scene.submit(seconds: nil, acceptOverage: true)
            let within = try await scene.submit(seconds: nil, acceptOverage: true)
            let promised = try await scene.submit(seconds: 60)
            // What each grows by goes to the end.
            try await scene.resize(within, to: 60)
            try await scene.resize(growing, to: 90)
            let late = try await scene.submit(seconds: 30, acceptOverage: true)
            let jobs: [(TestJob, Int64)] = [(growing, 90), (within, 60), (promised, 60), (late, 30)]
            for (job, seconds) in settlesFirst ? jobs : jobs.reversed() {
                try await scene.complete(job, seconds: seconds)
            }
            let usage = try await scene.usage()
            #expect(usage.usedSeconds == 240)
            #expect(usage.overageSeconds == 120)
            #expect(try await scene.differences() == [])
            let places = try await scene.tenants.owner.query(
                "SELECT job_id, admission || growth_places, growth_seconds FROM usage ORDER BY admission"
            ).map { try $0.decode(String.self, [Int64].self, [Int64].self) }
            #expect(places.map(\.0) == [growing, within, promised, late].map(\.rawValue))
            #expect(places.map(\.1) == [[1, 5], [2, 4], [3], [6]])
            #expect(places.map(\.2) == [[90], [60], [], []])
            #expect(
                try await scene.overageByJob(LedgerScene.november) == [
                    growing.rawValue: 90, within.rawValue: 0, promised.rawValue: 0, late.rawValue: 30,
                ])
        }
    }
}

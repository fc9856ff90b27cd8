import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// Random months: whatever comes in whatever order, the counters are the sums, nothing is oversold, and the amounts are exact.
@Suite struct LedgerPropertyTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `a ledger is what its jobs make it, after every step`(seed: UInt64) async throws {
        try await LedgerScene.with { scene in
            var run = Run(scene: scene, generator: SeededGenerator(seed: seed))
            try await scene.allow(minutes: 20)
            try await run.begin(withCap: seed.isMultiple(of: 2))
            for step in 0..<140 {
                // Every run submits in the last millisecond of a month and in the first one of the next.
                switch step {
                case 40: try await run.admit(at: LedgerScene.november.start - .milliseconds(1))
                case 41: try await run.admit(at: LedgerScene.november.start)
                default: try await run.step()
                }
                try await run.checkCounters(step)
                if step % 35 == 34 { try await run.checkStatements() }
            }
            try await run.finish()
            #expect(run.months == [LedgerScene.october, LedgerScene.november])
            #expect(run.refusals > 0 && run.growths > 0)
        }
    }

    private struct Run {
        let scene: LedgerScene
        var generator: SeededGenerator
        var model = ModeledMonths()
        var now = LedgerScene.time("2026-10-15T21:00:00Z")
        var months: Set<BillingMonth> = []
        var refusals = 0
        var growths = 0
        /// The cap on overage in cents, which stays the same; nil: there is none.
        private var cap: Int64?

        private static let keys = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"].compactMap(APIKeyID.init)
        /// The third key has replaced the first, so they share their minutes of a month.
        private static let limited: Set<APIKeyID> = [keys[0], keys[2]]
        private static let keySeconds: Int64 = 15 * 60

        init(scene: LedgerScene, generator: SeededGenerator) {
            self.scene = scene
            self.generator = generator
        }

        mutating func begin(withCap: Bool) async throws {
            let tenant = scene.tenants.example
            for key in Self.keys {
                let minutes = Self.limited.contains(key) ? Self.keySeconds / 60 : nil
                try await scene.tenants.owner.execute(
                    """
                    INSERT INTO api_keys (tenant_id, id, name, scopes, secret_hash, monthly_minutes)
                    VALUES (\(tenant), \(key), 'key', '{jobs:write}', '$argon2id$', \(minutes))
                    """)
            }
            try await scene.tenants.owner.execute(
                "UPDATE api_keys SET replaced_by = \(Self.keys[2]) WHERE id = \(Self.keys[0])")
            guard withCap else { return }
            cap = 12
            _ = try await scene.tenants.databases.app.transaction(of: tenant) {
                try AccountLimits.update(of: tenant, in: $0) { $0.overageCapCents = 12 }
            }
        }

        /// Which limits so many more seconds of a job exceed.
        private func exceeded(
            by count: Int64, _ month: BillingMonth, included: Int64, rate: Int64?, key: APIKeyID?
        ) -> Set<QuotaLimit> {
            var limits: Set<QuotaLimit> = []
            let isCovered = count <= max(0, included - model.used(month) - model.reserved(month))
            if rate == nil, !isCovered { limits.insert(.monthlyMinutes) }
            if let rate, let cap, !isCovered,
                model.projectedCents(month, reserving: (count, included, rate)) > cap
            {
                limits.insert(.overageCap)
            }
            if let key, Self.limited.contains(key),
                model.seconds(month, of: Self.limited) + count > Self.keySeconds
            {
                limits.insert(.keyMinutes)
            }
            return limits
        }

        mutating func step() async throws {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<45: try await admit()
            case 45..<55: try await resize()
            case 55..<75: try await end()
            case 75..<82: try await release()
            case 82..<86: try await scene.move(to: PlanName.first.randomElement(using: &generator) ?? .pro)
            case 86..<91:
                try await scene.allow(
                    minutes: Int64.random(in: 0...40, using: &generator),
                    overage: Int.random(in: 0..<4, using: &generator) > 0)
            case 91..<95: try await adjust()
            case 95..<97: try await skip()
            case 97: try await deleteMetadata()
            default: now += .seconds(Int64.random(in: 1...40_000, using: &generator))
            }
        }

        /// Leaves places out, so that the months have many blocks of them.
        private mutating func skip() async throws {
            guard let month = months.randomElement(using: &generator) else { return }
            let places = Int64.random(in: 1...1500, using: &generator)
            let rows = try await scene.tenants.owner.execute(
                "UPDATE usage_months SET admissions = admissions + \(places) WHERE month = \(month)")
            if rows > 0 { model.skip(places, of: month) }
        }

        private mutating func deleteMetadata() async throws {
            let settled = model.admissions.indices.filter { model.admissions[$0].isSettled }
            guard let index = settled.randomElement(using: &generator) else { return }
            try await scene.deleteMetadata(of: model.admissions[index].job)
            model.forgetProject(of: index)
        }

        mutating func admit(at moment: Timestamp) async throws {
            now = moment
            try await admit()
        }

        private mutating func admit() async throws {
            let month = BillingMonth(of: now)
            months.insert(month)
            let effectiveLimits = try await effectiveLimits()
            let isKnown = Int.random(in: 0..<8, using: &generator) > 0
            let seconds = isKnown ? Int64.random(in: 0...300, using: &generator) : nil
            let accepts = Bool.random(using: &generator)
            let key = ([nil] + Self.keys)[Int.random(in: 0..<4, using: &generator)]
            let project = [nil, "", "Ärger", "7"][Int.random(in: 0..<4, using: &generator)]
            let isSold = accepts && effectiveLimits.isOverageEnabled && effectiveLimits.overageRate != nil
            func exceeded(ifSold isSold: Bool) -> Set<QuotaLimit> {
                self.exceeded(
                    by: seconds ?? 1, month, included: effectiveLimits.includedSeconds,
                    rate: isSold ? effectiveLimits.overageRate : nil, key: key)
            }
            let limits = exceeded(ifSold: isSold)
            do {
                let job = try await scene.submit(
                    by: key, seconds: seconds, acceptOverage: accepts, at: now,
                    metadata: project.map { #"{"n":{},"project":"\#($0)"}"# } ?? "{}")
                #expect(limits.isEmpty)
                model.admit(
                    .init(
                        job: job, month: month, included: effectiveLimits.includedSeconds,
                        rate: isSold ? effectiveLimits.overageRate : nil, time: now, key: key, project: project),
                    seconds: seconds ?? 0)
            } catch ReservationError.quotaExceeded(let limit, let isOffered) {
                #expect(limits.contains(limit))
                #expect(isOffered == (effectiveLimits.sellsOverage && !isSold && exceeded(ifSold: true).isEmpty))
                refusals += 1
            }
        }

        /// Answers whether it could be done; else nothing changes.
        private mutating func resize(_ index: Int, to seconds: Int64) async throws -> Bool {
            let (admission, before) = (model.admissions[index], model.seconds(of: index))
            let included =
                now < admission.month.end
                ? try await effectiveLimits().includedSeconds : model.lastIncluded(admission.month)
            let limits =
                seconds <= before
                ? []
                : exceeded(
                    by: seconds - before, admission.month, included: max(included, admission.included),
                    rate: admission.rate, key: admission.key)
            do {
                try await scene.resize(admission.job, to: seconds, at: now)
                #expect(limits.isEmpty)
                model.resize(index, to: seconds, included: included)
                growths += seconds > before ? 1 : 0
                return true
            } catch ReservationError.quotaExceeded(let limit, false) {
                #expect(limits.contains(limit))
                return false
            }
        }

        private mutating func resize() async throws {
            guard let index = model.held.randomElement(using: &generator) else { return }
            _ = try await resize(index, to: Int64.random(in: 0...400, using: &generator))
        }

        /// A job turns out as long as it is, and completes if that fits.
        private mutating func end() async throws {
            guard let index = model.held.randomElement(using: &generator) else { return }
            let actual = max(1, model.seconds(of: index) + Int64.random(in: -20...60, using: &generator))
            guard try await resize(index, to: actual) else { return try await release(index) }
            let missing = Int64.random(in: 0..<16_000, using: &generator)
            try await scene.complete(model.admissions[index].job, seconds: actual, missing: missing)
            model.settle(index)
        }

        private mutating func release() async throws {
            guard let index = model.held.randomElement(using: &generator) else { return }
            try await release(index)
        }

        private mutating func release(_ index: Int) async throws {
            try await scene.cancel(model.admissions[index].job)
            model.release(index)
        }

        private func effectiveLimits() async throws -> EffectiveLimits {
            let tenant = scene.tenants.example
            return try #require(try await scene.tenants.owner.transaction { try EffectiveLimits.of(tenant, in: $0) })
        }

        private mutating func adjust() async throws {
            let month = BillingMonth(of: now)
            months.insert(month)
            let cents = Int64.random(in: 1...500, using: &generator) * (Bool.random(using: &generator) ? 1 : -1)
            try await scene.adjust(month, cents: cents)
            model.adjustments[month, default: 0] += cents
        }

        func checkCounters(_ step: Int) async throws {
            let (tenant, months) = (scene.tenants.example, months)
            let states = try await scene.tenants.owner.transaction { transaction in
                try months.map { ($0, try UsageMonth.of($0, tenant: tenant, in: transaction)) }
            }
            for (month, state) in states {
                #expect(state.used == model.used(month), "step \(step)")
                #expect(state.reserved == model.reserved(month), "step \(step)")
                #expect(state.admissions == model.count(month), "step \(step)")
                #expect(model.oversold(month) <= 0, "step \(step)")
            }
        }

        func checkStatements() async throws {
            for month in months {
                #expect(try await scene.differences(month) == [])
                let statement = try await scene.statement(month)
                let overage = model.overage(month)
                #expect(statement.usedSeconds == model.used(month))
                #expect(statement.adjustmentsCents == model.adjustments[month] ?? 0)
                #expect(statement.lines.count == max(1, overage.count))
                for line in statement.lines where line.overageSeconds > 0 {
                    let rate = try #require(line.rate)
                    #expect(line.overageSeconds == overage[rate])
                    #expect(
                        String(line.amountCents) == LongDivision.cents(seconds: line.overageSeconds, rate: rate))
                }
                #expect(statement.overageSeconds == overage.values.reduce(0, +))
                // Nothing that was covered when it was reserved is ever sold, whoever grew, upgraded or went down since.
                #expect(!model.overageSeconds(month).contains { $0.wasCovered })
                let byJob = model.overageByJob(month)
                #expect(try await scene.overageByJob(month) == byJob)
                for (job, overage) in byJob { #expect(try await scene.bill(of: job)?.overageSeconds == overage) }
                #expect(statement.totalCents == statement.amountCents + statement.adjustmentsCents)
                if let cap {
                    #expect(statement.amountCents <= cap)
                    #expect(model.projectedCents(month) <= cap)
                }
                #expect(model.seconds(month, of: Self.limited) <= Self.keySeconds)
                try await checkUsage(month, against: statement)
            }
        }

        /// The API's figures are the statement's and the export's, to the cent.
        private func checkUsage(_ month: BillingMonth, against statement: Statement) async throws {
            let usage = try await scene.usage(month)
            #expect(usage.usedSeconds == statement.usedSeconds)
            #expect(usage.reservedSeconds == model.reserved(month))
            #expect(usage.includedMinutes == statement.includedMinutes)
            #expect(usage.overageSeconds == statement.overageSeconds)
            #expect(usage.overageCents == statement.amountCents)
            func exported(_ name: String) throws -> Int64 {
                try statement.rows.joined().filter { $0.name.description == name }.reduce(0) { sum, column in
                    guard case .number(let text) = column.cell else { return sum }
                    return sum + (try #require(Int64(text)))
                }
            }
            #expect(try exported("used_seconds") == usage.usedSeconds)
            #expect(try exported("overage_seconds") == usage.overageSeconds)
            #expect(try exported("amount_cents") == usage.overageCents)
            try await checkGroups(month, against: statement)
            let tenant = scene.tenants.example
            let summed = try await scene.tenants.owner.transaction(isolation: .repeatableRead) {
                try Statement.of(tenant, month: month, at: LedgerScene.inNovember, in: $0)
            }
            #expect(summed == statement)
        }

        /// The groups are what the jobs make them, and sum up to the statement.
        private func checkGroups(_ month: BillingMonth, against statement: Statement) async throws {
            let values: [(UsageGrouping?, (ModeledMonths.Admission) -> String?)] = [
                (UsageGrouping("day"), { String($0.time.rfc3339.prefix(10)) }),
                (UsageGrouping("key"), { $0.key?.rawValue }),
                (UsageGrouping("metadata.project"), \.project), (UsageGrouping("metadata.n"), { _ in nil }),
            ]
            for (grouping, value) in values {
                let groups = try await scene.groups(month, by: try #require(grouping), byDay: true)
                let expected = model.groups(month, by: value)
                #expect(groups.map(\.value).count == expected.count)
                for group in groups {
                    #expect(
                        expected[group.value]
                            == .init(jobs: group.jobs, seconds: group.usedSeconds, overage: group.overageSeconds))
                    let days = model.groups(month) {
                        value($0) == group.value ? String($0.time.rfc3339.prefix(10)) : "another group"
                    }
                    let seen = try #require(group.days).map {
                        (
                            $0.day,
                            ModeledMonths.Group(jobs: $0.jobs, seconds: $0.usedSeconds, overage: $0.overageSeconds)
                        )
                    }
                    #expect(Dictionary(uniqueKeysWithValues: seen) == days.filter { $0.key != "another group" })
                }
                #expect(groups.reduce(0) { $0 + $1.usedSeconds } == statement.usedSeconds)
                #expect(groups.reduce(0) { $0 + $1.overageSeconds } == statement.overageSeconds)
                #expect(groups.reduce(0) { $0 + $1.overageCents } == statement.amountCents)
            }
        }

        /// Everything ends, every month is closed, and the statements stay what they were.
        mutating func finish() async throws {
            now += .seconds(32 * 86_400)
            for index in model.held { try await release(index) }
            try await checkStatements()
            for month in months.sorted() {
                let before = try await scene.statement(month, at: month.end)
                try await scene.close(month, at: month.end)
                let after = try await scene.statement(month)
                #expect(after.lines == before.lines)
                #expect(after.closedAt == month.end)
                #expect(try await scene.differences(month) == [])
            }
        }
    }
}

import Billing
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Submissions against the month and the account's limits.
@Suite struct AdmissionTests {
    /// Gives the first tenant limits of its own.
    private static func limit(_ scene: QueueScene, _ assignment: PostgresQuery) async throws {
        try await scene.tenants.owner.execute(
            "INSERT INTO quota_overrides (tenant_id) VALUES (\(scene.tenants.example)) ON CONFLICT DO NOTHING")
        try await scene.tenants.owner.execute(
            "UPDATE quota_overrides SET \(assignment) WHERE tenant_id = \(scene.tenants.example)")
    }

    private static func month(_ scene: QueueScene) async throws -> UsageMonth {
        let tenant = scene.tenants.example
        return try await scene.tenants.databases.app.transaction(of: tenant) {
            try UsageMonth.of(BillingMonth(of: .now()), tenant: tenant, in: $0)
        }
    }

    @Test
    func `of two hundred simultaneous submissions from two nodes exactly as many are accepted as fit, every time`()
        async throws
    {
        try await QueueScene.run { scene in
            let otherNode = Databases(url: scene.tenants.database.url, size: 8, logger: Logger(label: "test"))
            for round in 0..<20 {
                let tenant = try await scene.tenants.owner.transaction { transaction in
                    let tenant = try Tenant.create(name: "Round \(round)", plan: .pro, in: transaction).id
                    try transaction.execute(
                        "INSERT INTO quota_overrides (tenant_id, monthly_minutes) VALUES (\(tenant), 10)")
                    return tenant
                }
                // Ten minutes fit fifty jobs of twelve seconds.
                let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<200 {
                        let node = number.isMultiple(of: 2) ? scene.tenants.databases : otherNode
                        group.addTask {
                            do {
                                // Whoever accepts overage gets none where the account has it not enabled.
                                try await scene.submit(
                                    tenant, seconds: 12, acceptOverage: number.isMultiple(of: 4), through: node)
                                return true
                            } catch ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false) {
                                return false
                            }
                        }
                    }
                    return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
                }
                #expect(accepted == 50)
                let sums = try await scene.tenants.owner.query(
                    """
                    SELECT (SELECT count(*) FROM jobs WHERE tenant_id = \(tenant)),
                        (SELECT sum(seconds)::int8 FROM reservations WHERE tenant_id = \(tenant)),
                        (SELECT reserved_seconds FROM usage_months WHERE tenant_id = \(tenant)),
                        (SELECT admissions FROM usage_months WHERE tenant_id = \(tenant)),
                        (SELECT count(DISTINCT admission) FROM reservations WHERE tenant_id = \(tenant))
                    """)
                #expect(
                    try sums[0].decode(Int.self, Int.self, Int.self, Int.self, Int.self) == (50, 600, 600, 50, 50),
                    "round \(round)")
            }
            await otherNode.close()
        }
    }

    @Test func `a refused submission leaves neither job nor task nor reservation`() async throws {
        try await QueueScene.run { scene in
            try await Self.limit(scene, "monthly_minutes = 0")
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await scene.submit()
            }
            for table in ["jobs", "tasks", "reservations"] {
                #expect(try await scene.tenants.owner.query("SELECT FROM \(unescaped: table)").isEmpty)
            }
            #expect(try await Self.month(scene) == UsageMonth(used: 0, reserved: 0, admissions: 0, isClosed: false))
            #expect(try await scene.load() == TenantLoad(queued: 0, running: 0))
        }
    }

    @Test func `overage is sold to who accepts it, where the account has it enabled`() async throws {
        try await QueueScene.run { scene in
            try await Self.limit(scene, "monthly_minutes = 0")
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await scene.submit(acceptOverage: true)
            }
            try await Self.limit(scene, "overage_enabled = true")
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: true)) {
                try await scene.submit()
            }
            try await scene.submit(acceptOverage: true)
            #expect(try await Self.month(scene).reserved == 3)
        }
    }

    @Test func `a failed job gives its minutes back`() async throws {
        try await QueueScene.run { scene in
            try await scene.submit()
            #expect(try await Self.month(scene).reserved == 3)
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            #expect(try await Self.month(scene) == UsageMonth(used: 0, reserved: 0, admissions: 1, isClosed: false))
            #expect(try await scene.tenants.owner.query("SELECT FROM usage").isEmpty)
        }
    }

    @Test func `with queueing off, a job over the concurrency is refused instead of waiting`() async throws {
        try await QueueScene.run { scene in
            try await Self.limit(scene, "queueing_enabled = false, concurrency = 2")
            for _ in 0..<2 { try await scene.submit() }
            await #expect(throws: AdmissionError.self) { try await scene.submit() }
            let claim = try #require(try await scene.first.claim(limit: 1).first)
            await #expect(throws: AdmissionError.self) { try await scene.submit() }
            try await scene.write(claim) { try $0.failJob(.internal, in: $1) }
            try await scene.submit()
        }
    }

    @Test func `what would be refused anyway is refused before a recording is received`() async throws {
        try await QueueScene.run { scene in
            let tenant = scene.tenants.example
            let admission = scene.admission()
            let effectiveLimits = try #require(
                try await scene.tenants.databases.app.transaction(of: tenant) { try EffectiveLimits.of(tenant, in: $0) }
            )
            try await admission.check(tenant, by: nil, effectiveLimits, acceptOverage: false)
            try await Self.limit(scene, "monthly_minutes = 0")
            let none = try #require(
                try await scene.tenants.databases.app.transaction(of: tenant) { try EffectiveLimits.of(tenant, in: $0) }
            )
            await #expect(throws: ReservationError.quotaExceeded(.monthlyMinutes, overageAllowed: false)) {
                try await admission.check(tenant, by: nil, none, acceptOverage: false)
            }
        }
    }

    @Test func `a job belongs to the UTC month of its submission`() async throws {
        try await QueueScene.run { scene in
            let clock = TestClock(at: BillingMonth(of: .now()).end - .milliseconds(1))
            let before = try await scene.submit(clock: clock.now)
            clock.advance(by: .milliseconds(1))
            let after = try await scene.submit(clock: clock.now)
            let months = try await scene.tenants.owner.query("SELECT job_id, month FROM reservations ORDER BY month")
                .map {
                    try $0.decode(JobID.self, BillingMonth.self)
                }
            let this = BillingMonth(of: .now())
            #expect(months.map(\.0) == [before.id, after.id])
            #expect(months.map(\.1) == [this, this.next])
        }
    }
}
